package spillway;

import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Keeps the partials of each window until its end and the allowed lateness are past. The one place where lateness is
 * judged: only here the watermark is that of all partitions.
 */
class WindowMerge extends KeyedProcessFunction<Long, WindowShare, WindowParts> {
  private static final long serialVersionUID = 1L;
  private static final int COMPACT_AT = 64; // partials of a window that are worth being made one

  // Places in the counts of a window.
  private static final int ACCEPTED = 0;
  private static final int ACCEPTED_SUM = 1;
  private static final int EDGE = 2;
  private static final int BURST = 3;
  private static final int DEAD = 4;
  private static final int PARTIALS = 5;

  private final SidecarAddress address;
  private transient SidecarClient sidecar;
  private transient Messages.Welcome spec;
  private transient ListState<byte[]> partials;
  private transient ValueState<long[]> counts;
  private transient Counter lateEvents;

  WindowMerge(SidecarAddress address) {
    this.address = address;
  }

  @Override
  public void open(OpenContext context) throws Exception {
    spec = connect();
    partials = getRuntimeContext()
        .getListState(new ListStateDescriptor<>("partials", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    counts = getRuntimeContext()
        .getState(new ValueStateDescriptor<>("counts", PrimitiveArrayTypeInfo.LONG_PRIMITIVE_ARRAY_TYPE_INFO));
    lateEvents = getRuntimeContext().getMetricGroup().counter("lateEvents");
  }

  @Override
  public void close() {
    if (sidecar != null) sidecar.release();
  }

  Messages.Welcome connect() throws Exception {
    sidecar = address.acquire();
    return sidecar.welcome();
  }

  byte[] merge(byte[] encodedPartials) throws Exception {
    var merged = sidecar.askNow(Messages.MERGE, encodedPartials);
    byte[] bytes = new byte[merged.remaining()];
    merged.get(bytes);
    return bytes;
  }

  @Override
  public void processElement(WindowShare share, Context context, Collector<WindowParts> out) throws Exception {
    long closesAtMs = share.endMs + spec.allowedLatenessMs();
    if (context.timerService().currentWatermark() >= closesAtMs) {
      lateEvents.inc(share.accepted);
      return;
    }
    long[] window = counts.value();
    if (window == null) {
      window = new long[PARTIALS + 1];
      context.timerService().registerEventTimeTimer(closesAtMs);
    }
    window[ACCEPTED] += share.accepted;
    window[ACCEPTED_SUM] += share.acceptedSum;
    window[EDGE] += share.edge;
    window[BURST] += share.burst;
    window[DEAD] += share.dead;
    window[PARTIALS] += 1;
    partials.add(share.partial);
    if (window[PARTIALS] >= COMPACT_AT) {
      partials.update(List.of(merge(ByteList.of(partials.get()))));
      window[PARTIALS] = 1;
    }
    counts.update(window);
  }

  @Override
  public void onTimer(long timeMs, OnTimerContext context, Collector<WindowParts> out) throws Exception {
    long endMs = context.getCurrentKey();
    long[] window = counts.value();
    if (window[ACCEPTED] != window[EDGE] + window[BURST] + window[DEAD]) {
      throw new IllegalStateException("the window that ends at " + endMs + " does not balance and is not final: "
          + window[ACCEPTED] + " accepted, " + window[EDGE] + " edge, " + window[BURST] + " burst, " + window[DEAD] + " dead");
    }
    WindowParts parts = new WindowParts();
    parts.startMs = endMs - spec.sizeMs();
    parts.endMs = endMs;
    parts.accepted = window[ACCEPTED];
    parts.acceptedSum = window[ACCEPTED_SUM];
    parts.edge = window[EDGE];
    parts.burst = window[BURST];
    parts.partials = ByteList.of(partials.get());
    out.collect(parts);
    partials.clear();
    counts.clear();
  }
}
