package spillway;
import java.time.Duration;
import java.util.*;
import java.util.function.*;
import org.apache.flink.api.common.eventtime.*;
import org.apache.flink.util.clock.RelativeClock;
import spillway.Elements.*;

/**
 * The watermark of a subtask that reads several partitions. A Kafka source of Flink cannot make it, since only the
 * sidecar reads times; so it is made here, of the very parts that such a source makes it of: a generator with idleness
 * for each partition, joined. Three things are added. Its clock of silence counts heartbeats: see EnvelopeCutter. It is
 * no later than the clock allows: a producer ahead of it makes nothing late. And when all partitions are idle the
 * windows that have events close, as in the edge node.
 */
final class PartitionWatermarks implements WatermarkGenerator<AdmittedEnvelope>, WatermarkOutput, RelativeClock {
  // To be idle is said at once, past what is being folded, which would be late then; an answer is there a look later.
  private static final int QUIET_LOOKS = 2;
  private final Messages.Welcome spec;
  private final LongSupplier epochMs;
  private final IntSupplier inFlight;
  private final WatermarkOutputMultiplexer joined = new WatermarkOutputMultiplexer(this);
  private final Map<String, WatermarkGenerator<AdmittedEnvelope>> partitions = new HashMap<>();
  private final WatermarkGenerator<AdmittedEnvelope> noPartition;
  private final long startedMs;
  private long joinedMs = Long.MIN_VALUE, lastCloseMs = Long.MIN_VALUE, emittedMs = Long.MIN_VALUE, beatMs;
  private long beats = 1; // Flink takes a time of 0 for none
  private boolean isIdle, allHeard;
  private int quietLooks;

  PartitionWatermarks(Messages.Welcome spec, LongSupplier epochMs, IntSupplier inFlight) {
    this.inFlight = inFlight;
    this.spec = spec;
    this.epochMs = epochMs;
    startedMs = epochMs.getAsLong();
    noPartition = newPartition();
  }

  static WatermarkStrategy<AdmittedEnvelope> strategy(SidecarClient.Address sidecar) {
    return WatermarkStrategy.<AdmittedEnvelope>forGenerator(context ->
        new PartitionWatermarks(sidecar.client().welcome(), System::currentTimeMillis, Ask::inFlight))
        .withTimestampAssigner((admitted, timestampMs) -> admitted.newestMs());
  }

  /** For the source, which joins it over its partitions: a watermark once each of them was heard of, or is idle. */
  static WatermarkStrategy<SourceRecord> heardOf(SidecarClient.Address sidecar) {
    return WatermarkStrategy.forGenerator(
        context -> ofPartition(0, sidecar.client().welcome().idleTimeoutMs(), context.getInputActivityClock()));
  }

  private WatermarkGenerator<AdmittedEnvelope> newPartition() {
    return ofPartition(spec.outOfOrdernessMs(), spec.idleTimeoutMs(), this);
  }

  private static <T> WatermarkGenerator<T> ofPartition(long outOfOrderMs, long idleTimeoutMs, RelativeClock clock) {
    return new WatermarksWithIdleness<>(new BoundedOutOfOrdernessWatermarks<>(Duration.ofMillis(outOfOrderMs)),
        Duration.ofMillis(idleTimeoutMs), clock);
  }

  @Override public void onEvent(AdmittedEnvelope admitted, long timestampMs, WatermarkOutput output) {
    Envelope envelope = admitted.envelope();
    if (envelope.isHeartbeat() && envelope.beatMs() >= startedMs) {
      beats++;
      beatMs = envelope.beatMs();
      allHeard |= envelope.allHeard();
    }
    if (envelope.isHeartbeat()) return; // an older one came back by a checkpoint, and tells of the start before
    String source = envelope.span().source();
    WatermarkGenerator<AdmittedEnvelope> partition = partitions.computeIfAbsent(source, name -> {
      joined.registerNewOutput(name);
      return newPartition();
    });
    if (admitted.isEmpty()) return;
    partition.onEvent(admitted, admitted.newestMs(), joined.getDeferredOutput(source));
    lastCloseMs = Math.max(lastCloseMs, spec.lastEnd(admitted.newestMs()) + spec.allowedLatenessMs());
  }

  @Override public void onPeriodicEmit(WatermarkOutput output) {
    isIdle = false; // until one of these says otherwise, which it does each time
    if (partitions.isEmpty()) noPartition.onPeriodicEmit(this);
    partitions.forEach((source, partition) -> partition.onPeriodicEmit(joined.getDeferredOutput(source)));
    if (allHeard) joined.onPeriodicEmit(); // what it has emitted no partition that comes later takes back
    quietLooks = inFlight.getAsInt() == 0 ? quietLooks + 1 : 0;
    long wantedMs = isIdle ? Math.max(joinedMs, lastCloseMs) : joinedMs;
    long clockMs = isIdle ? beatMs : epochMs.getAsLong(); // in the place of events it stands still with the heartbeats
    long watermarkMs = Math.min(wantedMs, clockMs - spec.outOfOrdernessMs());
    if (watermarkMs > emittedMs) {
      emittedMs = watermarkMs;
      output.emitWatermark(new Watermark(watermarkMs));
    } else if (isIdle && emittedMs >= wantedMs && quietLooks >= QUIET_LOOKS) {
      output.markIdle(); // it holds up no subtask whose partitions have events
    }
  }
  @Override public void emitWatermark(Watermark watermark) { joinedMs = watermark.getTimestamp(); }
  @Override public void markIdle() { isIdle = true; }
  @Override public void markActive() {}

  /** The time for which every operator down to here let heartbeats pass, and brokers were there. */
  @Override public long relativeTimeMillis() { return beats * EnvelopeCutter.HEARTBEAT_MS; }
  @Override public long relativeTimeNanos() { return relativeTimeMillis() * 1_000_000; }
}
