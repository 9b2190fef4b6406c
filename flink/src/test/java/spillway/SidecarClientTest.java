package spillway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SidecarClientTest {
  private static final int REFUSED = 1;
  private static final byte[] WELCOME = new Wire.Payload()
      .u16(Messages.PROTOCOL_VERSION).text("v1").i64(10).i64(10).i64(10).i64(0).i64(0).i64(0).u32(1).u32(1).u32(1).end();

  private ServerSocketChannel server;
  private SidecarClient client;

  @BeforeEach
  void listen() throws Exception {
    server = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
    int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
    client = new SidecarClient.Address("127.0.0.1:" + port, "bids", "").client();
  }

  @AfterEach
  void close() throws Exception {
    client.close();
    server.close();
  }

  @Test
  void asksAgainForWhatIsOpenWhenTheSidecarComesBack() throws Exception {
    CompletableFuture<ByteBuffer> answer;
    try (SocketChannel first = welcomed()) {
      answer = client.ask(Messages.ADMIT, new byte[] {42});
      assertEquals(42, Wire.read(first).payload().get());
    }
    try (SocketChannel second = server.accept()) {
      ByteBuffer said = Wire.read(second).payload();
      said.getShort();
      assertEquals("bids v1", Wire.readText(said) + " " + Wire.readText(said)); // no other version will do now
      reply(second, -1, Messages.OK, WELCOME);
      Wire.Frame again = Wire.read(second);
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
      Wire.Frame first = Wire.read(sidecar);
      Wire.Frame second = Wire.read(sidecar);
      reply(sidecar, second.id(), Messages.OK, new byte[] {second.payload().get()});
      reply(sidecar, first.id(), Messages.OK, new byte[] {first.payload().get()});
      assertEquals(1, one.get(10, TimeUnit.SECONDS).get());
      assertEquals(2, two.get(10, TimeUnit.SECONDS).get());
    }
  }

  @Test
  void aHelloThatDoesNotFitIsNotTriedAgain() throws Exception {
    try (SocketChannel sidecar = server.accept()) {
      Wire.read(sidecar);
      reply(sidecar, -1, REFUSED, new Wire.Payload().text("unknown_pipeline").text("another one").u8(0).end());
      Throwable why = assertThrows(CompletionException.class, client::welcome).getCause();
      assertTrue(SidecarClient.Refused.is(why, "unknown_pipeline"));
    }
  }

  @Test
  void asksAgainWhereTheSidecarIsFull() throws Exception {
    try (SocketChannel sidecar = welcomed()) {
      CompletableFuture<ByteBuffer> answer = client.ask(Messages.FOLD, new byte[] {42});
      byte[] full = new Wire.Payload().text("too_many_requests").text("it is full").u8(1).end();
      reply(sidecar, Wire.read(sidecar).id(), REFUSED, full);
      Wire.Frame again = Wire.read(sidecar);
      assertEquals(42, again.payload().get());
      reply(sidecar, again.id(), Messages.OK, new byte[] {7});
      assertEquals(7, answer.get(10, TimeUnit.SECONDS).get());
    }
  }

  private SocketChannel welcomed() throws Exception {
    SocketChannel sidecar = server.accept();
    Wire.read(sidecar);
    reply(sidecar, -1, Messages.OK, WELCOME);
    client.welcome();
    return sidecar;
  }

  private static void reply(SocketChannel to, int id, int kind, byte[] payload) throws Exception {
    ByteBuffer frame = Wire.frame(id, kind, payload);
    while (frame.hasRemaining()) to.write(frame);
  }
}
