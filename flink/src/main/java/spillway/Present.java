package spillway;

import java.util.List;
import org.apache.flink.streaming.api.functions.async.ResultFuture;

/** Lets the sidecar merge a window, check its balance by the hashes of the ids, and write it as text. */
final class Present extends SidecarFunction<WindowParts, FinalWindow> {
  private static final long serialVersionUID = 1L;

  Present(SidecarAddress address) {
    super(address);
  }

  @Override
  public void asyncInvoke(WindowParts parts, ResultFuture<FinalWindow> result) throws Exception {
    sidecar.ask(Messages.PRESENT, Messages.present(parts)).whenComplete((answer, error) -> {
      if (error != null) {
        result.completeExceptionally(error);
        return;
      }
      FinalWindow window = new FinalWindow();
      window.endMs = parts.endMs;
      window.json = new byte[answer.remaining()];
      answer.get(window.json);
      result.complete(List.of(window));
    });
  }
}
