package spillway;

import java.io.IOException;
import java.io.Serializable;
import java.net.InetSocketAddress;
import java.net.Socket;

/** Whether any of the brokers takes a connection: a source that hears nothing does not say so by itself. */
record Brokers(String bootstrap) implements Serializable {
  private static final int TIMEOUT_MS = 200; // the task stands still for so long

  boolean answer() {
    for (String address : bootstrap.split(",")) {
      int colon = address.lastIndexOf(':');
      try (Socket socket = new Socket()) {
        socket.connect(
            new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))), TIMEOUT_MS);
        return true;
      } catch (IOException away) {
        // the next one may be there
      }
    }
    return false;
  }
}
