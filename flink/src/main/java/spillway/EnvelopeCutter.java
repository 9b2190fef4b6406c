package spillway;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Gathers the records of each partition into envelopes: up to a count and a size, for so long at most. Everything goes
 * out before a checkpoint barrier, so there is no state. Heartbeats go the same way: silence is counted in those that
 * arrive, so that no time counts in which something stands still, be it sidecar, cloud or broker.
 */
class EnvelopeCutter extends AbstractStreamOperator<Envelope>
    implements OneInputStreamOperator<SourceRecord, Envelope>, BoundedOneInput {
  private static final long serialVersionUID = 1L;

  static final long HEARTBEAT_MS = 250;
  private static final int QUIET_BEATS = 4; // without a record before the brokers are asked for, and between that
  private static final int BEATS_AFTER_OUTAGE = 20; // what waited meanwhile comes within seconds

  private final String run;
  private final SidecarAddress sidecar;
  private final Brokers brokers;
  private transient Messages.Welcome limits;
  private transient Map<Integer, Cut> cuts;
  private transient boolean lingers;
  private transient long allHeardSinceMs;
  private transient int quietBeats;
  private transient int withheldBeats;

  private static final class Cut {
    final long firstOffset;
    final ByteList records = new ByteList();

    Cut(long firstOffset) {
      this.firstOffset = firstOffset;
    }
  }

  /** `run` names the source: envelopes of two jobs over one topic must not be mistaken for each other. */
  EnvelopeCutter(String run, SidecarAddress sidecar, Brokers brokers) {
    this.run = run;
    this.sidecar = sidecar;
    this.brokers = brokers;
  }

  @Override
  public void open() throws Exception {
    super.open();
    limits = welcome();
    cuts = new HashMap<>();
    nextHeartbeat();
  }

  Messages.Welcome welcome() throws Exception {
    return sidecar.welcome();
  }

  @Override
  public void processElement(StreamRecord<SourceRecord> element) {
    SourceRecord record = element.getValue();
    quietBeats = 0;
    Cut cut = cuts.get(record.partition);
    if (cut != null && cut.records.bytes() + record.value.length > limits.maxEnvelopeBytes()) {
      flush(record.partition);
      cut = null;
    }
    if (cut == null) {
      cut = new Cut(record.offset);
      cuts.put(record.partition, cut);
    }
    cut.records.add(record.value);
    if (cut.records.count() >= limits.maxEnvelopeEvents()) flush(record.partition);
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

  /** What was heard first of each partition goes out before anything says that all were heard. */
  @Override
  public void processWatermark(Watermark mark) throws Exception {
    flushAll();
    if (allHeardSinceMs == 0) allHeardSinceMs = System.currentTimeMillis();
    super.processWatermark(mark);
  }

  private void nextHeartbeat() {
    long atMs = getProcessingTimeService().getCurrentProcessingTime() + HEARTBEAT_MS;
    getProcessingTimeService().registerTimer(atMs, time -> {
      if (isWell()) send(Envelope.heartbeat());
      nextHeartbeat();
    });
  }

  /** A source that hears nothing may have lost its brokers: then its silence says nothing of the events. */
  private boolean isWell() {
    if (++quietBeats % QUIET_BEATS == 0 && !brokersAnswer()) withheldBeats = BEATS_AFTER_OUTAGE;
    return withheldBeats == 0 || withheldBeats-- == 0;
  }

  boolean brokersAnswer() {
    return brokers.answer();
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) {
    flushAll();
  }

  @Override
  public void endInput() {
    flushAll();
  }

  private void flushAll() {
    for (Integer partition : cuts.keySet().toArray(new Integer[0])) flush(partition);
  }

  private void flush(int partition) {
    Cut cut = cuts.remove(partition);
    if (cut == null) return; // a timer has sent it while the one before waited for room
    Envelope envelope = new Envelope();
    envelope.source = run + "/" + partition;
    envelope.firstOffset = cut.firstOffset;
    envelope.records = cut.records.encode();
    send(envelope);
  }

  private void send(Envelope envelope) {
    envelope.allHeardSinceMs = allHeardSinceMs;
    output.collect(new StreamRecord<>(envelope));
  }
}
