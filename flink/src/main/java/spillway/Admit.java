package spillway;

import java.util.List;
import org.apache.flink.streaming.api.functions.async.ResultFuture;

/** Lets the sidecar read the events of an envelope: which are none, and when the others happened. */
final class Admit extends SidecarFunction<Envelope, AdmittedEnvelope> {
  private static final long serialVersionUID = 1L;

  Admit(SidecarAddress address) {
    super(address);
  }

  @Override
  public void asyncInvoke(Envelope envelope, ResultFuture<AdmittedEnvelope> result) throws Exception {
    if (envelope.isHeartbeat()) {
      result.complete(List.of(AdmittedEnvelope.heartbeat(envelope)));
      return;
    }
    sidecar.ask(Messages.ADMIT, Messages.admit(envelope)).whenComplete((answer, error) -> {
      if (error != null) result.completeExceptionally(error);
      else result.complete(List.of(Messages.admitted(envelope, answer)));
    });
  }
}
