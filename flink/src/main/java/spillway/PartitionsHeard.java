package spillway;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.util.clock.RelativeClock;

/**
 * What the source says of each of its partitions, before anybody knows event times: the watermark is this constant once
 * every one has been heard or is silent. Flink alone knows which partitions a subtask has.
 */
final class PartitionsHeard implements WatermarkGenerator<SourceRecord> {
  private static final Watermark HEARD = new Watermark(0);

  private final long idleTimeoutMs;
  private final RelativeClock active;
  private final long sinceMs;
  private boolean isHeard;

  PartitionsHeard(long idleTimeoutMs, RelativeClock active) {
    this.idleTimeoutMs = idleTimeoutMs;
    this.active = active;
    this.sinceMs = active.relativeTimeMillis();
  }

  static WatermarkGeneratorSupplier<SourceRecord> supplier(SidecarAddress sidecar) {
    return context -> {
      try {
        return new PartitionsHeard(sidecar.welcome().idleTimeoutMs(), context.getInputActivityClock());
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    };
  }

  @Override
  public void onEvent(SourceRecord record, long timestampMs, WatermarkOutput output) {
    if (!isHeard) output.emitWatermark(HEARD);
    isHeard = true;
  }

  @Override
  public void onPeriodicEmit(WatermarkOutput output) {
    if (!isHeard && active.relativeTimeMillis() - sinceMs >= idleTimeoutMs) output.markIdle();
  }
}
