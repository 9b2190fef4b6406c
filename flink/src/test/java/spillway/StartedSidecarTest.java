package spillway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command writes down that it was started, and lives as long as its standard input; the test listens in its place. */
@Timeout(60)
class StartedSidecarTest {
  private static final byte[] WELCOME = new Wire.Payload()
      .u16(Messages.PROTOCOL_VERSION).text("v1").i64(10).i64(10).i64(10).i64(0).i64(0).i64(0).u32(1).u32(1).u32(1).end();

  @TempDir
  Path folder;
  private SidecarClient client;

  @AfterEach
  void close() {
    if (client != null) client.close();
  }

  @Test
  void isStartedWithItsAddressAndEndsWhenItsInputDoes() throws Exception {
    try (ServerSocketChannel server = listening()) {
      start(written("cat > /dev/null; echo ended >> " + folder + "/log"));
      welcome(server);
      String pid = Long.toString(ProcessHandle.current().pid());
      String address = "unix:" + folder + "/" + pid + ".sock";
      assertEquals(List.of("--listen " + address + " --until-stdin-ends"), log(1));
    }
  }

  @Test
  void isStartedAgainWhenItDies() throws Exception {
    try (ServerSocketChannel server = listening()) {
      start(written("sleep 0.1; exit 1"));
      try (SocketChannel first = welcome(server)) {
        assertEquals(1, log(1).size());
      }
      try (SocketChannel second = server.accept()) {
        assertEquals(Messages.HELLO, Wire.read(second).kind());
        assertTrue(log(2).size() >= 2);
      }
    }
  }

  @Test
  void isNotStartedAgainWhenItsOptionsAreWrong() throws Exception {
    start(written("exit 2"));
    Throwable why = assertThrows(CompletionException.class, client::welcome).getCause();
    assertTrue(SidecarClient.Refused.is(why, "sidecar_command"));
    assertTrue(why.getMessage().contains("ended with 2"), why.getMessage());
    assertEquals(1, log(1).size());
  }

  private void start(String command) {
    client = new SidecarClient.Address("unix:" + folder + "/{pid}.sock", "bids", command).client();
  }

  /** A command of its own words, after it has written its arguments down. */
  private String written(String then) throws Exception {
    Path script = folder.resolve("sidecar.sh");
    Files.writeString(script, "echo \"$@\" >> " + folder + "/log\n" + then + "\n");
    return "sh " + script;
  }

  private ServerSocketChannel listening() throws Exception {
    Path file = folder.resolve(ProcessHandle.current().pid() + ".sock");
    return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(file));
  }

  private SocketChannel welcome(ServerSocketChannel server) throws Exception {
    SocketChannel sidecar = server.accept();
    Wire.read(sidecar);
    sidecar.write(Wire.frame(-1, Messages.OK, WELCOME));
    client.welcome();
    return sidecar;
  }

  /** What the command has written, once it has so many lines. */
  private List<String> log(int lines) throws Exception {
    Path log = folder.resolve("log");
    while (!Files.exists(log) || Files.readAllLines(log).size() < lines) TimeUnit.MILLISECONDS.sleep(20);
    return Files.readAllLines(log);
  }
}
