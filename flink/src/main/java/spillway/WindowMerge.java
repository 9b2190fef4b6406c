package spillway;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.*;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.*;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.*;
import spillway.Elements.*;

/**
 * Keeps the partials of each window until its end and the allowed lateness are past. The one place where lateness is
 * judged: only here the watermark is that of all partitions.
 */
class WindowMerge extends KeyedProcessFunction<Long, WindowShare, WindowParts> implements CheckpointedFunction {
  private static final int COMPACT_AT = 64; // partials of a window that are worth being made one
  static final OutputTag<TopicRecord> LATE = new OutputTag<>("late") {};

  private final SidecarClient.Address address;
  private transient SidecarClient sidecar;
  private transient Messages.Welcome spec;
  private transient ListState<byte[]> partials;
  private transient ValueState<Counts> counts;
  private transient ListState<Long> closed;
  private transient Counter lateEvents;
  private long closedMs = Long.MIN_VALUE;
  WindowMerge(SidecarClient.Address address) { this.address = address; }

  /** A watermark is in no checkpoint: without this a late share would open a window again that went out before. */
  @Override public void initializeState(FunctionInitializationContext context) throws Exception {
    closed = context.getOperatorStateStore().getUnionListState(new ListStateDescriptor<>("closed", Long.class));
    for (long closesAtMs : closed.get()) closedMs = Math.max(closedMs, closesAtMs);
  }
  @Override public void snapshotState(FunctionSnapshotContext at) throws Exception { closed.update(List.of(closedMs)); }
  @Override public void open(OpenContext context) throws Exception {
    spec = connect();
    partials = getRuntimeContext().getListState(new ListStateDescriptor<>("partials", byte[].class));
    counts = getRuntimeContext().getState(new ValueStateDescriptor<>("counts", Counts.class));
    lateEvents = getRuntimeContext().getMetricGroup().counter("lateEvents");
  }
  Messages.Welcome connect() { return (sidecar = address.client(getRuntimeContext())).welcome(); }
  byte[] ask(int kind, byte[] payload) throws Exception { return sidecar.askNow(kind, payload); }
  @Override public void processElement(WindowShare share, Context at, Collector<WindowParts> out) throws Exception {
    long closesAtMs = share.endMs() + spec.allowedLatenessMs();
    if (Math.max(closedMs, at.timerService().currentWatermark()) >= closesAtMs) {
      lateEvents.inc(share.counts().accepted());
      byte[] letter = ask(Messages.LATE, Messages.late(share, share.endMs() - spec.sizeMs()));
      at.output(LATE, TopicRecord.of(share.span().source(), letter));
      return;
    }
    Counts before = counts.value();
    if (before == null) at.timerService().registerEventTimeTimer(closesAtMs);
    Counts window = before == null ? share.counts() : before.plus(share.counts());
    partials.add(share.partial());
    if (window.partials() >= COMPACT_AT) {
      partials.update(List.of(ask(Messages.MERGE, Wire.list(partials.get()))));
      window = window.inOnePartial();
    }
    counts.update(window);
  }

  @Override public void onTimer(long timeMs, OnTimerContext context, Collector<WindowParts> out) throws Exception {
    long endMs = context.getCurrentKey();
    Counts window = counts.value();
    if (window.accepted() != window.edge() + window.burst() + window.dead()) {
      throw new IllegalStateException("the window that ends at " + endMs + " does not balance: " + window);
    }
    closedMs = Math.max(closedMs, timeMs);
    out.collect(new WindowParts(endMs - spec.sizeMs(), endMs, window, Wire.list(partials.get())));
    partials.clear();
    counts.clear();
  }
}
