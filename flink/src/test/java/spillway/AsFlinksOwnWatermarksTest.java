package spillway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.runtime.metrics.groups.UnregisteredMetricGroups;
import org.apache.flink.streaming.api.operators.source.TimestampsAndWatermarks;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.io.PushingAsyncDataInput.DataOutput;
import org.apache.flink.streaming.runtime.tasks.TestProcessingTimeService;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A slow partition makes nothing late that Flink itself would not: beside ours runs what a source of Flink does with the
 * same records, the same partitions and the same clock.
 */
class AsFlinksOwnWatermarksTest {
  private static final int HISTORIES = 200;
  private static final long HISTORY_MS = 50_000;
  private static final long LONGEST_SILENCE_MS = 15_000;

  private final ManualTime time = new ManualTime(1_000);

  /** The watermark that a source of Flink makes of its partitions. */
  private final class FlinkSource {
    final List<SourceOutput<Long>> partitions = new ArrayList<>();
    private final TestProcessingTimeService timers = new TestProcessingTimeService();
    long watermarkMs = Long.MIN_VALUE;

    @SuppressWarnings("unchecked")
    FlinkSource(int count, long stepMs, long outOfOrdernessMs) throws Exception {
      timers.setCurrentTime(time.nowMs);
      var strategy = WatermarkStrategy.<Long>forBoundedOutOfOrderness(Duration.ofMillis(outOfOrdernessMs))
          .withIdleness(Duration.ofMillis(PartitionWatermarksTest.IDLE_TIMEOUT_MS));
      var group = UnregisteredMetricGroups.createUnregisteredTaskMetricGroup();
      var logic = TimestampsAndWatermarks.createProgressiveEventTimeLogic(
          strategy, group, timers, stepMs, time, time, group.getIOMetricGroup());
      Class<?>[] heard = {DataOutput.class, TimestampsAndWatermarks.WatermarkUpdateListener.class};
      Object output = Proxy.newProxyInstance(getClass().getClassLoader(), heard, (proxy, method, given) -> {
        if (given[0] instanceof Watermark watermark) watermarkMs = watermark.getTimestamp();
        return null;
      });
      ReaderOutput<Long> main = logic.createMainOutput(
          (DataOutput<Long>) output, (TimestampsAndWatermarks.WatermarkUpdateListener) output);
      for (int id = 0; id < count; id++) partitions.add(main.createOutputForSplit(Integer.toString(id)));
      logic.startPeriodicWatermarkEmits();
    }

    void look() throws Exception {
      timers.setCurrentTime(time.nowMs);
    }
  }

  /** Ours, with all that the operators around it do. */
  private final class Ours implements WatermarkOutput {
    private final PartitionWatermarks watermarks =
        new PartitionWatermarks(PartitionWatermarksTest.SPEC, () -> Long.MAX_VALUE / 2, () -> 0);
    long watermarkMs = Long.MIN_VALUE;

    void hear(int partition, long timeMs) {
      watermarks.onEvent(PartitionWatermarksTest.admitted("run/topic/" + partition, timeMs), timeMs, this);
    }

    void beat(boolean allHeard) {
      watermarks.onEvent(PartitionWatermarksTest.heartbeat(Long.MAX_VALUE / 2, allHeard), Long.MIN_VALUE, this);
    }

    void look() {
      watermarks.onPeriodicEmit(this);
    }

    @Override
    public void emitWatermark(org.apache.flink.api.common.eventtime.Watermark watermark) {
      watermarkMs = watermark.getTimestamp();
    }

    @Override
    public void markIdle() {}

    @Override
    public void markActive() {}
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void isNeverAheadOfFlinksOwn(int partitions) throws Exception {
    for (int seed = 0; seed < HISTORIES; seed++) history(partitions, 50, new Random(seed), "seed " + seed);
  }

  /** Where no time passes but in heartbeats: between them silence is found out later, and never earlier. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void comesToTheSameAsFlinksOwn(int partitions) throws Exception {
    for (int seed = 0; seed < HISTORIES; seed++) {
      String which = "seed " + seed;
      long[] ends = history(partitions, EnvelopeCutter.HEARTBEAT_MS, new Random(seed), which);
      assertEquals(ends[0], ends[1], which);
    }
  }

  /** The watermarks at the end: of Flink, and ours. */
  private long[] history(int partitions, long stepMs, Random random, String which) throws Exception {
    FlinkSource flink = new FlinkSource(partitions, stepMs, PartitionWatermarksTest.OUT_OF_ORDERNESS_MS);
    FlinkSource heardOf = new FlinkSource(partitions, stepMs, 0); // as the source of the job: PartitionWatermarks.heardOf
    Ours ours = new Ours();
    long[] silentUntil = new long[partitions];
    int steps = (int) (HISTORY_MS / stepMs);
    for (int step = 0; step < steps; step++) {
      time.nowMs += stepMs;
      for (int partition = 0; partition < partitions; partition++) {
        if (random.nextInt((int) (5_000 / stepMs)) == 0) {
          silentUntil[partition] = step + random.nextInt((int) (LONGEST_SILENCE_MS / stepMs));
        }
        boolean isLast = step > steps - 10;
        boolean speaks = partition == 0 || step >= silentUntil[partition]; // one always does: silence is another rule
        if (!isLast && (!speaks || random.nextInt(3) == 0)) continue;
        long lagMs = partition * random.nextInt(4_000);
        long timeMs = 1_000_000 + time.nowMs - lagMs - random.nextInt(3_000);
        flink.partitions.get(partition).collect(timeMs, timeMs);
        heardOf.partitions.get(partition).collect(timeMs, time.nowMs);
        ours.hear(partition, timeMs);
      }
      flink.look();
      heardOf.look();
      if (time.nowMs % EnvelopeCutter.HEARTBEAT_MS == 0) ours.beat(heardOf.watermarkMs > Long.MIN_VALUE);
      ours.look();
      assertTrue(ours.watermarkMs <= flink.watermarkMs, which + " step " + step + ": " + ours.watermarkMs
          + " would make late what " + flink.watermarkMs + " does not");
    }
    time.nowMs += stepMs;
    return new long[] {flink.watermarkMs, ours.watermarkMs};
  }
}
