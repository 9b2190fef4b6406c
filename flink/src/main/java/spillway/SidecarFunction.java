package spillway;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;

/** Something that the sidecar does with each element. */
abstract class SidecarFunction<In, Out> extends RichAsyncFunction<In, Out> {
  private static final long serialVersionUID = 1L;
  private final SidecarAddress address;
  transient SidecarClient sidecar;

  SidecarFunction(SidecarAddress address) {
    this.address = address;
  }

  @Override
  public void open(OpenContext context) {
    sidecar = address.acquire();
  }

  @Override
  public void close() {
    if (sidecar != null) sidecar.release();
  }
}
