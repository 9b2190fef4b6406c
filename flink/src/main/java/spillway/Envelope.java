package spillway;

/** A run of records of one partition. Source and offset name it; the records have the form of the protocol. */
public final class Envelope {
  public String source;
  public long firstOffset;
  public byte[] records;
  /** Since when each partition of the subtask had been heard, or was silent, when it was cut; 0 when not all were. */
  public long allHeardSinceMs;

  /** No records: the subtask had nothing to read a moment ago, and the brokers answered. */
  static Envelope heartbeat() {
    Envelope envelope = new Envelope();
    envelope.records = new byte[0];
    return envelope;
  }

  boolean isHeartbeat() {
    return records.length == 0;
  }
}
