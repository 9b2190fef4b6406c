package spillway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.junit.jupiter.api.Test;
import spillway.Elements.*;

class PartitionWatermarksTest {
  static final long SIZE_MS = 10_000;
  static final long LATENESS_MS = 3_000;
  static final long OUT_OF_ORDERNESS_MS = 2_000;
  static final long IDLE_TIMEOUT_MS = 5_000;
  static final Messages.Welcome SPEC = new Messages.Welcome(2, "v", SIZE_MS, SIZE_MS, SIZE_MS, LATENESS_MS,
      OUT_OF_ORDERNESS_MS, IDLE_TIMEOUT_MS, 256, 262_144, 30);

  static final long STARTED_MS = 1_000_000;

  private long epochMs = STARTED_MS;
  private int inFlight;
  private final List<String> out = new ArrayList<>();
  private final WatermarkOutput output = new WatermarkOutput() {
    @Override
    public void emitWatermark(Watermark watermark) {
      out.add(Long.toString(watermark.getTimestamp()));
    }

    @Override
    public void markIdle() {
      out.add("idle");
    }

    @Override
    public void markActive() {
      out.add("active");
    }
  };
  private final PartitionWatermarks watermarks = new PartitionWatermarks(SPEC, () -> epochMs, () -> inFlight);

  @Test
  void followsTheSlowestPartition() {
    hear("a", 50_000);
    hear("b", 40_000);
    assertEquals(List.of("37999"), emitted());
    hear("b", 60_000);
    assertEquals(List.of("47999"), emitted());
  }

  @Test
  void aSilentPartitionHoldsTheOthersUpForTheIdleTimeoutOnly() {
    hear("a", 50_000);
    hear("b", 40_000);
    emitted();
    hear("a", 55_000);
    assertEquals(List.of(), emitted()); // from here on b is silent
    silence(IDLE_TIMEOUT_MS);
    assertEquals(List.of(), emitted());
    hear("a", 56_000); // and one more heartbeat
    assertEquals(List.of("53999"), emitted());
  }

  @Test
  void timeWithoutHeartbeatsIsNoSilence() {
    hear("a", 50_000);
    hear("b", 40_000);
    emitted();
    epochMs += 100 * IDLE_TIMEOUT_MS; // sidecar, cloud or broker stand still
    hear("a", 55_000);
    emitted();
    assertEquals(List.of(), emitted());
  }

  @Test
  void aPartitionThatWasNotHeardOfYetHoldsTheOthersUp() {
    watermarks.onEvent(admitted("a", 50_000), 50_000, output);
    assertEquals(List.of(), emitted());
    watermarks.onEvent(admitted("b", 40_000), 40_000, output);
    hearAll();
    assertEquals(List.of("37999"), emitted());
  }

  @Test
  void whatACheckpointBroughtBackSaysNothingOfThisStart() {
    watermarks.onEvent(admitted("a", 50_000), 50_000, output);
    for (int beat = 0; beat < 100; beat++) watermarks.onEvent(heartbeat(STARTED_MS - 1, true), Long.MIN_VALUE, output);
    assertEquals(List.of(), emitted());
    hearAll();
    assertEquals(List.of("47999"), emitted());
  }

  @Test
  void whenAllAreSilentTheWindowsThatHaveEventsCloseAndNoOthers() {
    hear("a", 50_000);
    emitted();
    emitted();
    silence(IDLE_TIMEOUT_MS + 1);
    long closesMs = 60_000 + LATENESS_MS;
    assertEquals(List.of(Long.toString(closesMs)), emitted());
    assertEquals(List.of("idle"), emitted()); // others need not wait for it
    hear("a", closesMs + 1);
    assertEquals(List.of(), emitted());
    hear("a", closesMs + 10_000);
    assertEquals(List.of(Long.toString(closesMs + 10_000 - OUT_OF_ORDERNESS_MS - 1)), emitted());
  }

  /** To be idle is said past what is in flight, which others would make late. */
  @Test
  void isNotIdleBeforeWhatWasHeardIsFolded() throws Exception {
    hear("a", 50_000);
    inFlight = 1;
    emitted();
    emitted();
    silence(IDLE_TIMEOUT_MS + 1);
    emitted();
    assertEquals(List.of(), emitted());
    inFlight = 0;
    assertEquals(List.of(), emitted()); // its answer may wait behind this very look
    assertEquals(List.of("idle"), emitted());
  }

  @Test
  void aWindowIsNotClosedBeforeTheClockReachesIt() {
    hear("a", epochMs);
    emitted();
    emitted();
    silence(IDLE_TIMEOUT_MS + 1);
    assertEquals(List.of(Long.toString(epochMs - OUT_OF_ORDERNESS_MS)), emitted());
    epochMs += SIZE_MS + 10 * LATENESS_MS;
    assertEquals(List.of(), emitted()); // without heartbeats nobody knows whether it is silent still
    silence(1);
    assertEquals(List.of(Long.toString(STARTED_MS + SIZE_MS + LATENESS_MS)), emitted());
  }

  @Test
  void aProducerAheadOfTheClockMakesNothingLate() {
    hear("a", epochMs + 60_000);
    assertEquals(List.of(Long.toString(epochMs - OUT_OF_ORDERNESS_MS)), emitted());
  }

  @Test
  void withoutAnyPartitionItHoldsUpTheOthersForTheIdleTimeoutAndClosesNothing() {
    assertEquals(List.of(), emitted());
    assertEquals(List.of(), emitted());
    silence(IDLE_TIMEOUT_MS + 1);
    assertEquals(List.of("idle"), emitted());
  }

  @Test
  void aPartitionWithNothingButRecordsThatAreNoEventsHoldsNothingOpen() {
    watermarks.onEvent(noEvents("a", 0), Long.MIN_VALUE, output);
    hear("b", 50_000);
    emitted();
    emitted();
    silence(IDLE_TIMEOUT_MS + 1);
    watermarks.onEvent(noEvents("a", 0), Long.MIN_VALUE, output);
    hear("b", 60_000);
    emitted();
    assertTrue(Long.parseLong(out.get(0)) >= 50_000 - OUT_OF_ORDERNESS_MS - 1, out.toString());
  }

  /** As many heartbeats as it takes, with nothing else. */
  private void silence(long ms) {
    for (long left = ms; left > 0; left -= EnvelopeCutter.HEARTBEAT_MS) hearAll();
  }

  private void hear(String source, long newestMs) {
    watermarks.onEvent(admitted(source, newestMs), newestMs, output);
    hearAll();
  }

  private void hearAll() {
    watermarks.onEvent(heartbeat(epochMs, true), Long.MIN_VALUE, output);
  }

  static AdmittedEnvelope heartbeat(long beatMs, boolean allHeard) {
    return AdmittedEnvelope.heartbeat(Envelope.heartbeat(beatMs, allHeard));
  }

  static AdmittedEnvelope admitted(String source, long newestMs) {
    Envelope envelope = Envelope.of(new Span(source, 0, 0), new byte[4]);
    long paneMs = Math.floorDiv(newestMs, SIZE_MS) * SIZE_MS;
    return new AdmittedEnvelope(envelope, new int[0], new TopicRecord[0], newestMs, new long[] {paneMs}, new int[] {1});
  }

  private static AdmittedEnvelope noEvents(String source, long offset) {
    Envelope envelope = Envelope.of(new Span(source, offset, offset), new byte[4]);
    return new AdmittedEnvelope(envelope, new int[] {0}, new TopicRecord[0], Long.MIN_VALUE, new long[0], new int[0]);
  }

  private List<String> emitted() {
    out.clear();
    watermarks.onPeriodicEmit(output);
    return List.copyOf(out);
  }
}
