package spillway;

import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;

/**
 * The watermark of a subtask that reads several partitions: the least of those that are active, less what may come out
 * of order, and no later than the clock. When all have been silent for the idle timeout, the clock goes on in their
 * place, so that the last windows close. Silence is counted in heartbeats: see EnvelopeCutter.
 */
final class PartitionWatermarks implements WatermarkGenerator<AdmittedEnvelope> {
  private final long outOfOrdernessMs;
  private final long idleBeats;
  private final LongSupplier epochMs;
  private final long startedMs;
  private final Map<String, Partition> partitions = new HashMap<>();
  private boolean allHeard;
  private long beats;
  private long beatMs = Long.MIN_VALUE;
  private long emittedMs = Long.MIN_VALUE;

  private static final class Partition {
    long newestMs = Long.MIN_VALUE;
    long heardAtBeat;
  }

  PartitionWatermarks(long outOfOrdernessMs, long idleTimeoutMs, LongSupplier epochMs) {
    this.outOfOrdernessMs = outOfOrdernessMs;
    this.idleBeats = -Math.floorDiv(-idleTimeoutMs, EnvelopeCutter.HEARTBEAT_MS);
    this.epochMs = epochMs;
    this.startedMs = epochMs.getAsLong();
  }

  @Override
  public void onEvent(AdmittedEnvelope admitted, long timestampMs, WatermarkOutput output) {
    // One that a checkpoint brought back says it of the start before this one.
    allHeard |= admitted.envelope.allHeardSinceMs >= startedMs;
    if (admitted.envelope.isHeartbeat()) {
      beats++;
      beatMs = epochMs.getAsLong();
      return;
    }
    if (admitted.events() == 0) return;
    Partition partition = partitions.computeIfAbsent(admitted.envelope.source, source -> new Partition());
    partition.newestMs = Math.max(partition.newestMs, admitted.newestMs);
    partition.heardAtBeat = beats;
  }

  @Override
  public void onPeriodicEmit(WatermarkOutput output) {
    if (partitions.isEmpty()) {
      // It may have no partition at all, and must not hold up those that have.
      if (beats >= idleBeats) output.markIdle();
      return;
    }
    long leastMs = Long.MAX_VALUE;
    for (Partition partition : partitions.values()) {
      if (beats - partition.heardAtBeat < idleBeats) leastMs = Math.min(leastMs, partition.newestMs);
    }
    boolean isSilent = leastMs == Long.MAX_VALUE;
    if (!isSilent && !allHeard) return; // those that were not heard yet may be far behind
    long watermarkMs = (isSilent ? beatMs : Math.min(leastMs, epochMs.getAsLong())) - outOfOrdernessMs;
    if (watermarkMs <= emittedMs) return;
    emittedMs = watermarkMs;
    output.emitWatermark(new Watermark(watermarkMs));
  }
}
