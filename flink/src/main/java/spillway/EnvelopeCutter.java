package spillway;
import java.io.*;
import java.net.Socket;
import java.util.*;
import org.apache.flink.streaming.api.operators.*;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import spillway.Elements.*;

/**
 * Gathers the records of each partition into envelopes: up to a count and a size, for so long at most. Everything goes
 * out before a checkpoint barrier, so there is no state. Heartbeats go the same way: silence is counted in those that
 * arrive, so that no time counts in which something stands still, be it sidecar, cloud or broker. The watermark of the
 * source only says that every partition of the subtask was heard of, or is idle; heartbeats pass that on.
 */
class EnvelopeCutter extends AbstractStreamOperator<Envelope>
    implements OneInputStreamOperator<SourceRecord, Envelope> {
  static final long HEARTBEAT_MS = 250;
  private static final int QUIET_BEATS = 4; // without a record before the brokers are asked for, and between that
  private static final int BEATS_AFTER_OUTAGE = 20; // what waited meanwhile comes within seconds
  private final String run;
  private final SidecarClient.Address sidecar;
  private final Brokers brokers;
  private transient Messages.Welcome limits;
  private transient Map<Integer, Cut> cuts;
  private transient boolean lingers, allHeard;
  private transient int sending, quietBeats, withheldBeats;

  /** Whether any of the brokers takes a connection: a source that hears nothing does not say so by itself. */
  record Brokers(String bootstrap) implements Serializable {
    private static final int TIMEOUT_MS = 200; // the task stands still for so long
    boolean answer() { return Arrays.stream(bootstrap.split(",")).anyMatch(Brokers::answers); }
    private static boolean answers(String address) {
      try (Socket socket = new Socket()) {
        socket.connect(SidecarClient.parse(address), TIMEOUT_MS);
        return true;
      } catch (IOException away) {
        return false;
      }
    }
  }

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
  EnvelopeCutter(String run, SidecarClient.Address sidecar, Brokers brokers) {
    this.run = run;
    this.sidecar = sidecar;
    this.brokers = brokers;
  }

  @Override public void open() throws Exception {
    super.open();
    limits = welcome();
    cuts = new HashMap<>();
    after(HEARTBEAT_MS, this::beat);
  }
  Messages.Welcome welcome() { return sidecar.client(getRuntimeContext()).welcome(); }
  boolean brokersAnswer() { return brokers.answer(); }

  @Override public void processElement(StreamRecord<SourceRecord> element) {
    SourceRecord record = element.getValue();
    quietBeats = 0;
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
    after(limits.lingerMs(), () -> {
      lingers = false;
      flushAll();
    });
  }

  private void beat() {
    long nowMs = getProcessingTimeService().getCurrentProcessingTime();
    if (isWell() && sending == 0) send(Envelope.heartbeat(nowMs, allHeard)); // none past what waits for room
    after(HEARTBEAT_MS, this::beat);
  }

  /** A source that hears nothing may have lost its brokers: then its silence says nothing of the events. */
  private boolean isWell() {
    if (++quietBeats % QUIET_BEATS == 0 && !brokersAnswer()) withheldBeats = BEATS_AFTER_OUTAGE;
    return withheldBeats == 0 || withheldBeats-- == 0;
  }

  private void after(long ms, Runnable run) {
    long atMs = getProcessingTimeService().getCurrentProcessingTime() + ms;
    getProcessingTimeService().registerTimer(atMs, time -> run.run());
  }

  @Override public void processWatermark(Watermark mark) throws Exception {
    hearAll();
    if (mark.equals(Watermark.MAX_WATERMARK)) flushAll(); // the end: behind it everything would be late
    super.processWatermark(mark);
  }
  @Override public void processWatermarkStatus(WatermarkStatus status) { if (status.isIdle()) hearAll(); }

  /** What was heard first of each partition goes out before anything says that all were heard. */
  private void hearAll() {
    if (!allHeard) flushAll();
    allHeard = true;
  }
  @Override public void prepareSnapshotPreBarrier(long checkpointId) { flushAll(); }
  private void flushAll() { List.copyOf(cuts.keySet()).forEach(this::flush); }

  private void flush(int partition) {
    Cut cut = cuts.remove(partition);
    if (cut == null) return; // a timer has sent it while the one before waited for room
    Span span = new Span(run + "/" + partition, cut.firstOffset, cut.lastOffset);
    send(Envelope.of(span, new Wire.Payload().u32(cut.count).raw(cut.records.end()).end()));
  }

  private void send(Envelope envelope) {
    sending++;
    output.collect(new StreamRecord<>(envelope)); // may wait for room; timers go on meanwhile
    sending--;
  }
}
