package spillway;

import java.io.IOException;
import java.io.Serializable;

/** Where the sidecar of each TaskManager listens, and which pipeline it has to run. */
record SidecarAddress(String address, String pipeline) implements Serializable {
  SidecarClient acquire() {
    return SidecarClient.acquire(address, pipeline);
  }

  Messages.Welcome welcome() throws IOException {
    return SidecarClient.welcomeOf(address, pipeline);
  }
}
