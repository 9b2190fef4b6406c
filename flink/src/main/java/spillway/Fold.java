package spillway;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.streaming.api.functions.async.ResultFuture;

/**
 * Lets the sidecar fold an envelope, at the edge or in the burst as it decides. When both are full this waits, and with
 * it the source: Kafka keeps the rest.
 */
final class Fold extends SidecarFunction<AdmittedEnvelope, WindowShare> {
  private static final long serialVersionUID = 1L;

  Fold(SidecarAddress address) {
    super(address);
  }

  @Override
  public void asyncInvoke(AdmittedEnvelope admitted, ResultFuture<WindowShare> result) throws Exception {
    if (admitted.events() == 0) {
      result.complete(List.of());
      return;
    }
    sidecar
        .ask(Messages.FOLD, Messages.fold(admitted.envelope))
        .handle((answer, error) -> error == null ? CompletableFuture.completedFuture(answer) : again(admitted, error))
        .thenCompose(answer -> answer)
        .whenComplete((answer, error) -> {
          if (error != null) result.completeExceptionally(error);
          else complete(admitted, answer, result);
        });
  }

  /** A sidecar that was started again knows no envelope. */
  private CompletableFuture<ByteBuffer> again(AdmittedEnvelope admitted, Throwable error) {
    if (!(error instanceof SidecarRefused refused && refused.code.equals("unknown_envelope"))) {
      return CompletableFuture.failedFuture(error);
    }
    try {
      return sidecar.ask(Messages.FOLD, Messages.foldAgain(admitted));
    } catch (IOException lost) {
      return CompletableFuture.failedFuture(lost);
    }
  }

  private void complete(AdmittedEnvelope admitted, ByteBuffer answer, ResultFuture<WindowShare> result) {
    try {
      List<WindowShare> shares = Messages.folded(answer);
      checkAccepted(admitted, shares);
      List<WindowShare> all = new ArrayList<>();
      for (WindowShare share : shares) {
        for (long endMs : Windows.endsOfPane(sidecar.welcome(), share.paneStartMs)) all.add(share.inWindow(endMs));
      }
      result.complete(all);
    } catch (IOException | RuntimeException error) {
      result.completeExceptionally(error);
    }
  }

  /** What was folded has to be what was admitted, pane by pane. */
  private static void checkAccepted(AdmittedEnvelope admitted, List<WindowShare> shares) throws IOException {
    long matching = 0;
    for (WindowShare share : shares) {
      for (int index = 0; index < admitted.paneStartsMs.length; index++) {
        boolean isSame = admitted.paneStartsMs[index] == share.paneStartMs && admitted.paneEvents[index] == share.accepted;
        if (isSame) matching++;
      }
    }
    if (matching == shares.size() && matching == admitted.paneStartsMs.length) return;
    Envelope envelope = admitted.envelope;
    throw new IOException("envelope " + envelope.source + "@" + envelope.firstOffset + " was folded otherwise than admitted");
  }
}
