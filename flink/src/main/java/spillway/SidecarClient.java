package spillway;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The connection of this JVM to its sidecar, shared by the operators. Requests are answered in any order. When the
 * connection is lost, what is open is asked again on the next one: no request changes anything but by its answer.
 */
final class SidecarClient {
  private static final long PATIENCE_MS = 30_000; // a sidecar that is started again is back within seconds
  private static final long RETRY_MS = 200;
  private static final int MAX_REQUESTS_IN_FLIGHT = 1_000; // the sidecar takes 1,024 of a connection

  private static final Map<String, SidecarClient> SHARED = new HashMap<>();

  private record Request(ByteBuffer frame, CompletableFuture<ByteBuffer> answer) {}

  private final String key;
  private final SocketAddress address;
  private final String pipeline;
  private final Map<Integer, Request> open = new ConcurrentSkipListMap<>();
  private final Semaphore room = new Semaphore(MAX_REQUESTS_IN_FLIGHT);
  private final CompletableFuture<Messages.Welcome> welcome = new CompletableFuture<>();
  private int users;
  private int nextId;
  private SocketChannel channel;
  private IOException broken;
  private volatile boolean closed;

  /** The connection to the sidecar at `unix:FILE` or `HOST:PORT`; every `acquire` is followed by a `release`. */
  static SidecarClient acquire(String address, String pipeline) {
    synchronized (SHARED) {
      SidecarClient client =
          SHARED.computeIfAbsent(address + " " + pipeline, key -> new SidecarClient(key, parse(address), pipeline));
      client.users++;
      return client;
    }
  }

  void release() {
    synchronized (SHARED) {
      if (--users > 0) return;
      SHARED.remove(key, this);
    }
    close();
  }

  /** What a sidecar says of its pipeline. */
  static Messages.Welcome welcomeOf(String address, String pipeline) throws IOException {
    SidecarClient client = acquire(address, pipeline);
    try {
      return client.welcome();
    } finally {
      client.release();
    }
  }

  private SidecarClient(String key, SocketAddress address, String pipeline) {
    this.key = key;
    this.address = address;
    this.pipeline = pipeline;
    Thread reader = new Thread(this::run, "sidecar " + address);
    reader.setDaemon(true);
    reader.start();
  }

  /** What the sidecar said at first; waits until it has. */
  Messages.Welcome welcome() throws IOException {
    return await(welcome);
  }

  /** Fails with SidecarRefused, or with an IOException when there is no sidecar for half a minute. */
  CompletableFuture<ByteBuffer> ask(int kind, byte[] payload) throws IOException {
    welcome();
    room.acquireUninterruptibly();
    CompletableFuture<ByteBuffer> answer = new CompletableFuture<>();
    answer.whenComplete((bytes, error) -> room.release());
    synchronized (this) {
      if (broken != null) {
        answer.completeExceptionally(broken);
        return answer;
      }
      int id = nextId++;
      ByteBuffer frame = Frames.encode(id, kind, payload);
      open.put(id, new Request(frame, answer));
      send(frame);
    }
    return answer;
  }

  /** The same, and waits for the answer. */
  ByteBuffer askNow(int kind, byte[] payload) throws IOException {
    return await(ask(kind, payload));
  }

  private void run() {
    long aloneSinceNs = System.nanoTime();
    while (!closed) {
      try {
        SocketChannel connected = connect();
        receive(connected);
      } catch (SidecarRefused refused) {
        fail(refused); // a hello that does not fit never will
        return;
      } catch (IOException lost) {
        boolean wasConnected = disconnect();
        if (wasConnected) aloneSinceNs = System.nanoTime();
        long aloneMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - aloneSinceNs);
        if (aloneMs > PATIENCE_MS) {
          fail(new IOException("no sidecar at " + address + " for " + aloneMs + " ms (" + lost + "); start it again", lost));
          return;
        }
        sleep();
      }
    }
  }

  private SocketChannel connect() throws IOException {
    SocketChannel connected = address instanceof UnixDomainSocketAddress
        ? SocketChannel.open(StandardProtocolFamily.UNIX)
        : SocketChannel.open().setOption(StandardSocketOptions.TCP_NODELAY, true);
    try {
      connected.connect(address);
      String version = welcome.isDone() ? welcome.join().version() : "";
      ByteBuffer hello = Frames.encode(-1, Messages.HELLO, Messages.hello(pipeline, version));
      while (hello.hasRemaining()) connected.write(hello);
      Frames.Frame answer = Frames.read(connected);
      if (answer.kind() != Messages.OK) throw Messages.refused(answer.payload());
      Messages.Welcome said = Messages.welcome(answer.payload());
      synchronized (this) {
        channel = connected;
        for (Request request : open.values()) send(request.frame());
      }
      welcome.complete(said);
      return connected;
    } catch (IOException error) {
      connected.close();
      throw error;
    }
  }

  private void receive(SocketChannel connected) throws IOException {
    while (!closed) {
      Frames.Frame frame = Frames.read(connected);
      Request request = open.remove(frame.id());
      if (request == null) continue;
      if (frame.kind() == Messages.OK) request.answer().complete(frame.payload());
      else request.answer().completeExceptionally(Messages.refused(frame.payload()));
    }
  }

  /** Without a connection it waits for the next one. One that is lost meanwhile is noticed where it is read. */
  private void send(ByteBuffer frame) {
    if (channel == null) return;
    try {
      ByteBuffer bytes = frame.duplicate();
      while (bytes.hasRemaining()) channel.write(bytes);
    } catch (IOException lost) {
      disconnect();
    }
  }

  private synchronized boolean disconnect() {
    if (channel == null) return false;
    try {
      channel.close();
    } catch (IOException ignored) {
      // it is lost anyway
    }
    channel = null;
    return true;
  }

  private void fail(IOException error) {
    welcome.completeExceptionally(error);
    synchronized (this) {
      broken = error;
    }
    synchronized (SHARED) {
      SHARED.remove(key, this); // the next try of the job begins with a connection of its own
    }
    for (Request request : open.values()) request.answer().completeExceptionally(error);
    open.clear();
  }

  private void close() {
    closed = true;
    disconnect();
    fail(new IOException("the job is done with its sidecar"));
  }

  private static void sleep() {
    try {
      Thread.sleep(RETRY_MS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static <T> T await(CompletableFuture<T> future) throws IOException {
    try {
      return future.get(PATIENCE_MS * 2, TimeUnit.MILLISECONDS);
    } catch (ExecutionException error) {
      if (error.getCause() instanceof IOException cause) throw cause;
      throw new IOException(error.getCause());
    } catch (TimeoutException error) {
      throw new IOException("the sidecar did not answer for " + PATIENCE_MS * 2 + " ms", error);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new IOException("the wait for the sidecar was interrupted", error);
    }
  }

  static SocketAddress parse(String address) {
    if (address.startsWith("unix:")) return UnixDomainSocketAddress.of(address.substring("unix:".length()));
    int colon = address.lastIndexOf(':');
    if (colon <= 0) throw new IllegalArgumentException("--sidecar " + address + ": give unix:FILE or HOST:PORT");
    return new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
  }
}
