package spillway;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Gathers the records of each partition into envelopes: up to a count and a size, for so long at most. Everything goes
 * out before a checkpoint barrier, so there is no state.
 */
class EnvelopeCutter extends AbstractStreamOperator<Envelope>
    implements OneInputStreamOperator<SourceRecord, Envelope>, BoundedOneInput {
  private static final long serialVersionUID = 1L;

  private final String run;
  private final SidecarAddress sidecar;
  private transient Messages.Welcome limits;
  private transient Map<Integer, Cut> cuts;
  private transient boolean lingers;

  private static final class Cut {
    final long firstOffset;
    final ByteList records = new ByteList();

    Cut(long firstOffset) {
      this.firstOffset = firstOffset;
    }
  }

  /** `run` names the source: envelopes of two jobs over one topic must not be mistaken for each other. */
  EnvelopeCutter(String run, SidecarAddress sidecar) {
    this.run = run;
    this.sidecar = sidecar;
  }

  @Override
  public void open() throws Exception {
    super.open();
    limits = welcome();
    cuts = new HashMap<>();
  }

  Messages.Welcome welcome() throws Exception {
    return sidecar.welcome();
  }

  @Override
  public void processElement(StreamRecord<SourceRecord> element) {
    SourceRecord record = element.getValue();
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
    Envelope envelope = new Envelope();
    envelope.source = run + "/" + partition;
    envelope.firstOffset = cut.firstOffset;
    envelope.records = cut.records.encode();
    output.collect(new StreamRecord<>(envelope));
  }
}
