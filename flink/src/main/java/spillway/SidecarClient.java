package spillway;
import java.io.*;
import java.net.*;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.*;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.util.IOUtils;

/**
 * The connection of this JVM to its sidecar, shared by the operators. Requests are answered in any order. When the
 * connection is lost, what is open is asked again on the next one: no request changes anything but by its answer.
 */
final class SidecarClient {
  private static final long PATIENCE_MS = 30_000; // a sidecar that is started again is back within seconds
  private static final long RETRY_MS = 200;
  private static final Map<Address, SidecarClient> SHARED = new ConcurrentHashMap<>();

  /**
   * Where the sidecar of each TaskManager listens (`unix:FILE` or `HOST:PORT`), the pipeline that it has to run, and
   * the command that starts it; empty when somebody else does. `{pid}` stands for the process of the TaskManager.
   */
  record Address(String listen, String pipeline, String command) implements Serializable {
    /** The connection of this JVM; it ends with the last task of the job here. */
    SidecarClient client(RuntimeContext task) {
      task.registerUserCodeClassLoaderReleaseHookIfAbsent(
          "sidecars", () -> SHARED.values().forEach(SidecarClient::close));
      return client();
    }
    SidecarClient client() { return SHARED.computeIfAbsent(this, SidecarClient::new); }
  }

  /** The sidecar does not do what it was asked for; the message says why, and whether to ask again. */
  static final class Refused extends IOException {
    final String code;

    Refused(String code, String message, boolean retryable) {
      super(code + ": " + message + (retryable ? " (asking again helps)" : " (asking again does not help)"));
      this.code = code;
    }
    static boolean is(Throwable error, String code) { return error instanceof Refused one && one.code.equals(code); }
  }

  /**
   * The sidecar that a TaskManager starts beside itself. It ends when its standard input does, so it never outlives the
   * TaskManager, however that ends. With an empty command somebody else starts the sidecar.
   */
  private final class SidecarProcess {
    private static final int WRONG_USAGE = 2; // no start with these options will do better
    private static final long MAX_PAUSE_MS = 5_000;
    private Process process;
    private long pauseMs = 200, startedNs;
    private boolean isOver;

    /** Starts it unless it runs; after a death with a pause that doubles. Throws Refused when no start can help. */
    synchronized void keepRunning() throws IOException {
      if (here.command.isEmpty() || isOver || (process != null && process.isAlive())) return;
      if (process != null) {
        if (process.exitValue() == WRONG_USAGE) throw new Refused("sidecar_command", toString(), false);
        if (System.nanoTime() - startedNs < TimeUnit.MILLISECONDS.toNanos(pauseMs)) return;
        pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
      }
      startedNs = System.nanoTime();
      String shell = "exec " + here.command + " \"$@\"";
      process = new ProcessBuilder("sh", "-c", shell, "sh", "--listen", here.listen, "--until-stdin-ends")
          .inheritIO().redirectInput(ProcessBuilder.Redirect.PIPE).start();
    }

    /** It has nothing of its own to save. */
    synchronized void end() {
      isOver = true;
      if (process == null) return;
      IOUtils.closeQuietly(process.getOutputStream());
      process.destroyForcibly();
    }

    /** What to do about it, for whoever finds no sidecar. */
    @Override public synchronized String toString() {
      if (process == null) return "start it, or let the job do so by --sidecar-command";
      String state = process.isAlive() ? "runs" : "ended with " + process.exitValue();
      return "`" + here.command + "` " + state + "; the output of the TaskManager says why";
    }
  }

  private record Request(ByteBuffer frame, CompletableFuture<ByteBuffer> answer) {}
  private final Address key, here;
  private final SocketAddress address;
  private final SidecarProcess process = new SidecarProcess();
  private final Map<Integer, Request> open = new ConcurrentSkipListMap<>();
  private final CompletableFuture<Messages.Welcome> welcome = new CompletableFuture<>();
  private int nextId;
  private SocketChannel channel;
  private IOException broken;
  private volatile boolean closed;

  private SidecarClient(Address key) {
    this.key = key;
    String pid = Long.toString(ProcessHandle.current().pid());
    this.here = new Address(key.listen.replace("{pid}", pid), key.pipeline, key.command.replace("{pid}", pid));
    this.address = parse(here.listen);
    Thread reader = new Thread(this::run, "sidecar " + here.listen);
    reader.setDaemon(true);
    reader.start();
  }

  void close() {
    closed = true;
    process.end();
    fail(new IOException("the job is done with its sidecar"));
  }

  /** What the sidecar said at first; waits until it has. */
  Messages.Welcome welcome() { return welcome.join(); }

  /** Fails with Refused, or with an IOException when there is no sidecar for half a minute. */
  synchronized CompletableFuture<ByteBuffer> ask(int kind, byte[] payload) {
    if (broken != null) return CompletableFuture.failedFuture(broken);
    Request request = new Request(Wire.frame(nextId, kind, payload), new CompletableFuture<>());
    open.put(nextId++, request);
    send(request);
    return request.answer();
  }

  /** The same, and waits for the answer. */
  byte[] askNow(int kind, byte[] payload) throws Exception {
    return Wire.rest(ask(kind, payload).get(2 * PATIENCE_MS, TimeUnit.MILLISECONDS));
  }

  private void run() {
    long aloneSinceNs = System.nanoTime();
    while (!closed) {
      try {
        process.keepRunning();
        receive(connect());
      } catch (Refused | RuntimeException error) { // what does not fit never will
        fail(error instanceof Refused refused ? refused : new IOException("an answer cannot be read", error));
        return;
      } catch (IOException lost) {
        if (disconnect()) aloneSinceNs = System.nanoTime();
        if (TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - aloneSinceNs) > PATIENCE_MS) {
          fail(new IOException("no sidecar at " + address + " for half a minute (" + lost + "); " + process, lost));
          return;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(RETRY_MS));
      }
    }
  }

  private SocketChannel connect() throws IOException {
    SocketChannel connected = address instanceof UnixDomainSocketAddress
        ? SocketChannel.open(StandardProtocolFamily.UNIX)
        : SocketChannel.open().setOption(StandardSocketOptions.TCP_NODELAY, true);
    try {
      connected.connect(address);
      String version = welcome.isDone() ? welcome().version() : "";
      ByteBuffer hello = Wire.frame(-1, Messages.HELLO, Messages.hello(key.pipeline(), version));
      while (hello.hasRemaining()) connected.write(hello);
      Wire.Frame answer = Wire.read(connected);
      if (answer.kind() != Messages.OK) throw Messages.refused(answer.payload());
      Messages.Welcome said = Messages.welcome(answer.payload());
      synchronized (this) {
        channel = connected;
        welcome.complete(said);
        open.values().forEach(this::send);
      }
      return connected;
    } catch (IOException error) {
      IOUtils.closeQuietly(connected);
      throw error;
    }
  }

  private void receive(SocketChannel connected) throws IOException {
    while (!closed) {
      Wire.Frame frame = Wire.read(connected);
      Request request = open.get(frame.id());
      Refused refused = frame.kind() == Messages.OK ? null : Messages.refused(frame.payload());
      if (request == null) continue;
      if (Refused.is(refused, "too_many_requests")) { // it is full, which pushes back and fails nothing
        CompletableFuture.delayedExecutor(RETRY_MS, TimeUnit.MILLISECONDS).execute(() -> send(request));
        continue;
      }
      open.remove(frame.id());
      if (refused == null) request.answer().complete(frame.payload());
      else request.answer().completeExceptionally(refused);
    }
  }

  /** Without a connection it waits for the next one. One that is lost meanwhile is noticed where it is read. */
  private synchronized void send(Request request) {
    if (channel == null || request.answer().isDone()) return;
    try {
      ByteBuffer bytes = request.frame().duplicate();
      while (bytes.hasRemaining()) channel.write(bytes);
    } catch (IOException lost) {
      disconnect();
    }
  }

  private synchronized boolean disconnect() {
    if (channel == null) return false;
    IOUtils.closeQuietly(channel);
    channel = null;
    return true;
  }

  private synchronized void fail(IOException error) {
    broken = error;
    disconnect();
    welcome.completeExceptionally(error);
    SHARED.remove(key, this); // the next try of the job begins with a connection of its own
    open.values().forEach(request -> request.answer().completeExceptionally(error));
    open.clear();
  }

  static SocketAddress parse(String listen) {
    if (listen.startsWith("unix:")) return UnixDomainSocketAddress.of(listen.substring("unix:".length()));
    int colon = listen.lastIndexOf(':');
    if (colon <= 0) throw new IllegalArgumentException(listen + " is no address: give unix:FILE or HOST:PORT");
    return new InetSocketAddress(listen.substring(0, colon), Integer.parseInt(listen.substring(colon + 1)));
  }
}
