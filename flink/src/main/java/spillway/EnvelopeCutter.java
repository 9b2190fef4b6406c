package spillway;

import java.util.*;
import org.apache.flink.streaming.api.operators.*;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import spillway.Elements.*;

/**
 * Gathers the records of each partition into envelopes: up to a count and a size, for so long at most. Everything goes
 * out before a checkpoint barrier, so there is no state. The watermark of the source only says that every partition of
 * the subtask was heard of, or is idle: watermarks proper are made behind it, and have to wait for that.
 */
class EnvelopeCutter extends AbstractStreamOperator<Envelope>
    implements OneInputStreamOperator<SourceRecord, Envelope> {
  private final String run;
  private final SidecarClient.Address sidecar;
  private transient Messages.Welcome limits;
  private transient Map<Integer, Cut> cuts;
  private transient boolean lingers, allHeard;

  private static final class Cut {
    final long firstOffset;
    final Wire.Payload records = new Wire.Payload();
    long lastOffset;
    int count;

    Cut(long firstOffset) { this.firstOffset = firstOffset; }

    /** A record has its offset with it: after a compaction, or between transactions, they are not dense. */
    void add(SourceRecord record) {
      lastOffset = record.offset();
      records.u32((int) (lastOffset - firstOffset)).bytes(record.value());
      count++;
    }
  }

  /** `run` names the source: envelopes of two jobs over one topic must not be mistaken for each other. */
  EnvelopeCutter(String run, SidecarClient.Address sidecar) {
    this.run = run;
    this.sidecar = sidecar;
  }

  @Override public void open() throws Exception {
    super.open();
    limits = welcome();
    cuts = new HashMap<>();
  }

  Messages.Welcome welcome() { return sidecar.client(getRuntimeContext()).welcome(); }

  @Override public void processElement(StreamRecord<SourceRecord> element) {
    SourceRecord record = element.getValue();
    Cut cut = cuts.get(record.partition());
    boolean fits = cut == null || cut.records.size() + record.value().length <= limits.maxEnvelopeBytes()
        && record.offset() - cut.firstOffset <= Integer.MAX_VALUE;
    if (!fits) flush(record.partition());
    cut = cuts.computeIfAbsent(record.partition(), partition -> new Cut(record.offset()));
    cut.add(record);
    if (cut.count >= limits.maxEnvelopeEvents()) flush(record.partition());
    else linger();
  }

  /** One timer for all partitions: there are no watermarks yet, and no keys. */
  private void linger() {
    if (lingers) return;
    lingers = true;
    long atMs = getProcessingTimeService().getCurrentProcessingTime() + limits.lingerMs();
    getProcessingTimeService().registerTimer(atMs, time -> {
      lingers = false;
      flushAll();
    });
  }

  @Override public void processWatermark(Watermark mark) throws Exception {
    hearAll();
    if (mark.equals(Watermark.MAX_WATERMARK)) flushAll(); // the end: behind it everything would be late
    super.processWatermark(mark);
  }

  @Override public void processWatermarkStatus(WatermarkStatus status) { if (status.isIdle()) hearAll(); }

  /** Said once, by an envelope without records: behind the first of each partition, and with none to wait for. */
  private void hearAll() {
    if (allHeard) return;
    flushAll();
    allHeard = true;
    emit(new Span(run, Span.NOWHERE, Span.NOWHERE), new Wire.Payload().u32(0));
  }

  @Override public void prepareSnapshotPreBarrier(long checkpointId) { flushAll(); }

  private void flushAll() { List.copyOf(cuts.keySet()).forEach(this::flush); }

  private void flush(int partition) {
    Cut cut = cuts.remove(partition);
    emit(new Span(run + "/" + partition, cut.firstOffset, cut.lastOffset),
        new Wire.Payload().u32(cut.count).raw(cut.records.end()));
  }

  private void emit(Span span, Wire.Payload records) {
    output.collect(new StreamRecord<>(new Envelope(span, records.end())));
  }
}
