package spillway;

import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.util.clock.RelativeClock;

/**
 * The watermark of a subtask that reads several partitions: the least of those that are active, less what may come out
 * of order, and no later than the clock. When all have been silent for the idle timeout, the clock goes on in their
 * place, so that the last windows close. The time of silence is Flink's: it stands still under back-pressure.
 */
final class PartitionWatermarks implements WatermarkGenerator<AdmittedEnvelope> {
  private final long outOfOrdernessMs;
  private final long idleTimeoutMs;
  private final RelativeClock active;
  private final LongSupplier epochMs;
  private final Map<String, Partition> partitions = new HashMap<>();
  private long emittedMs = Long.MIN_VALUE;

  private static final class Partition {
    long newestMs = Long.MIN_VALUE;
    long heardMs;
  }

  PartitionWatermarks(long outOfOrdernessMs, long idleTimeoutMs, RelativeClock active, LongSupplier epochMs) {
    this.outOfOrdernessMs = outOfOrdernessMs;
    this.idleTimeoutMs = idleTimeoutMs;
    this.active = active;
    this.epochMs = epochMs;
  }

  @Override
  public void onEvent(AdmittedEnvelope envelope, long timestampMs, WatermarkOutput output) {
    if (envelope.events() == 0) return;
    Partition partition = partitions.computeIfAbsent(envelope.envelope.source, source -> new Partition());
    partition.newestMs = Math.max(partition.newestMs, envelope.newestMs);
    partition.heardMs = active.relativeTimeMillis();
  }

  @Override
  public void onPeriodicEmit(WatermarkOutput output) {
    if (partitions.isEmpty()) {
      output.markIdle(); // it may have no partition at all, and must not hold up those that have
      return;
    }
    long nowMs = active.relativeTimeMillis();
    long leastMs = Long.MAX_VALUE;
    for (Partition partition : partitions.values()) {
      if (nowMs - partition.heardMs < idleTimeoutMs) leastMs = Math.min(leastMs, partition.newestMs);
    }
    long watermarkMs = Math.min(leastMs, epochMs.getAsLong()) - outOfOrdernessMs;
    if (watermarkMs <= emittedMs) return;
    emittedMs = watermarkMs;
    output.emitWatermark(new Watermark(watermarkMs));
  }
}
