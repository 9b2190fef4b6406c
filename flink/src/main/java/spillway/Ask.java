package spillway;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.*;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.async.*;
import spillway.Elements.*;

/** Something that the sidecar does with each element. */
final class Ask<In, Out> extends RichAsyncFunction<In, Out> {
  /** What is asked, and what comes of the answer. */
  interface Question<In, Out> extends Serializable {
    CompletableFuture<Out> ask(SidecarClient sidecar, In element);
  }

  /** A subtask is a thread, in which the operators of its chain share this. */
  private static final ThreadLocal<AtomicInteger> IN_FLIGHT = ThreadLocal.withInitial(AtomicInteger::new);
  private final SidecarClient.Address address;
  private final Question<In, Out> question;
  private transient SidecarClient sidecar;

  Ask(SidecarClient.Address address, Question<In, Out> question) {
    this.address = address;
    this.question = question;
  }
  @Override public void open(OpenContext context) { sidecar = address.client(getRuntimeContext()); }
  @Override public void asyncInvoke(In element, ResultFuture<Out> result) {
    AtomicInteger inFlight = IN_FLIGHT.get();
    inFlight.incrementAndGet();
    question.ask(sidecar, element).whenComplete((out, error) -> {
      if (error == null) result.complete(List.of(out));
      else result.completeExceptionally(error);
      inFlight.decrementAndGet();
    });
  }

  /** Questions of this subtask that are not answered. */
  static int inFlight() { return IN_FLIGHT.get().get(); }

  /** Which records are no events, and when the others happened. */
  static CompletableFuture<AdmittedEnvelope> admit(SidecarClient sidecar, Envelope envelope) {
    if (envelope.isHeartbeat()) return CompletableFuture.completedFuture(AdmittedEnvelope.heartbeat(envelope));
    return sidecar.ask(Messages.ADMIT, Messages.admit(envelope))
        .thenApply(answer -> Messages.admitted(envelope, answer));
  }

  /**
   * The fold of an envelope, at the edge or in the burst as the sidecar decides. When both are full this waits, and
   * with it the source: Kafka keeps the rest.
   */
  static CompletableFuture<Folded> fold(SidecarClient sidecar, AdmittedEnvelope admitted) {
    if (admitted.isEmpty()) return CompletableFuture.completedFuture(Folded.nothing(admitted));
    return sidecar.ask(Messages.FOLD, Messages.fold(admitted.envelope()))
        .exceptionallyComposeAsync(error -> { // to ask may have to wait, which the thread that reads answers must not
          if (!SidecarClient.Refused.is(error, "unknown_envelope")) return CompletableFuture.failedFuture(error);
          return sidecar.ask(Messages.FOLD, Messages.foldAgain(admitted)); // it was started again, and knows none
        })
        .thenApply(answer -> folded(sidecar.welcome(), admitted, answer));
  }

  private static Folded folded(Messages.Welcome spec, AdmittedEnvelope admitted, ByteBuffer answer) {
    WindowShare[] panes = Messages.shares(admitted.envelope().span(), answer);
    if (!Arrays.stream(panes).allMatch(admitted::has) || panes.length != admitted.paneEvents().length) {
      throw new IllegalStateException(admitted.envelope().span() + " was folded otherwise than admitted");
    }
    Stream<TopicRecord> letters = Arrays.stream(TopicRecord.letters(admitted.envelope().span(), answer));
    Stream<WindowShare> shares = Arrays.stream(panes).flatMap(
        pane -> Arrays.stream(spec.endsOfPane(pane.paneStartMs())).mapToObj(pane::inWindow));
    return new Folded(shares.toArray(WindowShare[]::new),
        Stream.concat(Arrays.stream(admitted.letters()), letters).toArray(TopicRecord[]::new));
  }

  /** The final window as text; its balance is checked once more, by the hashes of the ids. */
  static CompletableFuture<TopicRecord> present(SidecarClient sidecar, WindowParts window) {
    return sidecar.ask(Messages.PRESENT, Messages.present(window))
        .thenApply(answer -> TopicRecord.of(Long.toString(window.endMs()), Wire.rest(answer)));
  }
}
