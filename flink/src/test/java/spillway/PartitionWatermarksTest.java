package spillway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.junit.jupiter.api.Test;

class PartitionWatermarksTest {
  private static final long OUT_OF_ORDERNESS_MS = 2_000;
  private static final long IDLE_TIMEOUT_MS = 5_000;

  private static final long STARTED_MS = 1_000_000;
  private long epochMs = STARTED_MS;
  private boolean allHeard = true;
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
  private final PartitionWatermarks watermarks =
      new PartitionWatermarks(OUT_OF_ORDERNESS_MS, IDLE_TIMEOUT_MS, () -> epochMs);

  @Test
  void followsTheSlowestPartition() {
    hear("a", 50_000);
    hear("b", 40_000);
    assertEquals(List.of("38000"), emitted());
    hear("b", 60_000);
    assertEquals(List.of("48000"), emitted());
  }

  @Test
  void aSilentPartitionHoldsTheOthersUpForTheIdleTimeoutOnly() {
    hear("a", 50_000);
    hear("b", 40_000);
    emitted();
    silence(IDLE_TIMEOUT_MS);
    hear("a", 55_000);
    assertEquals(List.of("53000"), emitted());
  }

  @Test
  void timeWithoutHeartbeatsIsNoSilence() {
    hear("a", 50_000);
    hear("b", 40_000);
    emitted();
    epochMs += 100 * IDLE_TIMEOUT_MS; // sidecar, cloud or broker stand still
    hear("a", 55_000);
    assertEquals(List.of(), emitted());
  }

  @Test
  void whenAllAreSilentTheClockGoesOn() {
    hear("a", 50_000);
    emitted();
    silence(IDLE_TIMEOUT_MS);
    assertEquals(List.of(Long.toString(epochMs - OUT_OF_ORDERNESS_MS)), emitted());
  }

  @Test
  void aProducerAheadOfTheClockMakesNothingLate() {
    hear("a", epochMs + 60_000);
    assertEquals(List.of(Long.toString(epochMs - OUT_OF_ORDERNESS_MS)), emitted());
  }

  @Test
  void withoutAnyEventItIsIdleAndClosesNothing() {
    silence(IDLE_TIMEOUT_MS);
    assertEquals(List.of("idle"), emitted());
  }

  @Test
  void holdsEverythingUntilEachPartitionWasHeard() {
    allHeard = false;
    hear("a", 50_000);
    assertEquals(List.of(), emitted());
    hear("b", 40_000);
    allHeard = true;
    hear("a", 51_000);
    assertEquals(List.of("38000"), emitted());
  }

  @Test
  void aClockThatGoesOnInThePlaceOfEventsStandsStillWithTheHeartbeats() {
    hear("a", 50_000);
    silence(IDLE_TIMEOUT_MS);
    emitted();
    epochMs += 60_000;
    assertEquals(List.of(), emitted());
  }

  private void silence(long forMs) {
    for (long ms = 0; ms < forMs; ms += EnvelopeCutter.HEARTBEAT_MS) {
      AdmittedEnvelope heartbeat = AdmittedEnvelope.heartbeat(Envelope.heartbeat());
      watermarks.onEvent(heartbeat, Long.MIN_VALUE, output);
    }
  }

  private void hear(String source, long newestMs) {
    AdmittedEnvelope admitted = new AdmittedEnvelope();
    admitted.envelope = new Envelope();
    admitted.envelope.source = source;
    admitted.envelope.records = new byte[4];
    admitted.envelope.allHeardSinceMs = allHeard ? epochMs : STARTED_MS - 1;
    admitted.newestMs = newestMs;
    admitted.paneEvents = new int[] {1};
    watermarks.onEvent(admitted, newestMs, output);
  }

  private List<String> emitted() {
    out.clear();
    watermarks.onPeriodicEmit(output);
    return List.copyOf(out);
  }
}
