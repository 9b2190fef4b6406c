package spillway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SidecarClientTest {
  private static final int REFUSED = 1;
  private static final byte[] WELCOME = new Payload()
      .u16(1).text("v1").i64(10).i64(10).i64(10).i64(0).i64(0).i64(0).u32(1).u32(1).u32(1).end();

  private ServerSocketChannel server;
  private SidecarClient client;

  @BeforeEach
  void listen() throws Exception {
    server = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
    int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
    client = SidecarClient.acquire("127.0.0.1:" + port, "bids");
  }

  @AfterEach
  void close() throws Exception {
    client.release();
    server.close();
  }

  @Test
  void asksAgainForWhatIsOpenWhenTheSidecarComesBack() throws Exception {
    CompletableFuture<ByteBuffer> answer;
    try (SocketChannel first = welcomed()) {
      answer = client.ask(Messages.ADMIT, new byte[] {42});
      assertEquals(42, Frames.read(first).payload().get());
    }
    try (SocketChannel second = server.accept()) {
      ByteBuffer said = Frames.read(second).payload();
      said.getShort();
      assertEquals("bids v1", Payload.readText(said) + " " + Payload.readText(said)); // no other version will do now
      reply(second, -1, Messages.OK, WELCOME);
      Frames.Frame again = Frames.read(second);
      assertEquals(42, again.payload().get());
      reply(second, again.id(), Messages.OK, new byte[] {7});
      assertEquals(7, answer.get(10, TimeUnit.SECONDS).get());
    }
  }

  @Test
  void answersFindTheirRequestsInAnyOrder() throws Exception {
    try (SocketChannel sidecar = welcomed()) {
      CompletableFuture<ByteBuffer> one = client.ask(Messages.ADMIT, new byte[] {1});
      CompletableFuture<ByteBuffer> two = client.ask(Messages.ADMIT, new byte[] {2});
      Frames.Frame first = Frames.read(sidecar);
      Frames.Frame second = Frames.read(sidecar);
      reply(sidecar, second.id(), Messages.OK, new byte[] {second.payload().get()});
      reply(sidecar, first.id(), Messages.OK, new byte[] {first.payload().get()});
      assertEquals(1, one.get(10, TimeUnit.SECONDS).get());
      assertEquals(2, two.get(10, TimeUnit.SECONDS).get());
    }
  }

  @Test
  void aHelloThatDoesNotFitIsNotTriedAgain() throws Exception {
    try (SocketChannel sidecar = server.accept()) {
      Frames.read(sidecar);
      reply(sidecar, -1, REFUSED, new Payload().text("unknown_pipeline").text("another one").u8(0).end());
      assertEquals("unknown_pipeline", assertThrows(SidecarRefused.class, client::welcome).code);
    }
  }

  private SocketChannel welcomed() throws Exception {
    SocketChannel sidecar = server.accept();
    Frames.read(sidecar);
    reply(sidecar, -1, Messages.OK, WELCOME);
    client.welcome();
    return sidecar;
  }

  private static void reply(SocketChannel to, int id, int kind, byte[] payload) throws Exception {
    ByteBuffer frame = Frames.encode(id, kind, payload);
    while (frame.hasRemaining()) to.write(frame);
  }
}
