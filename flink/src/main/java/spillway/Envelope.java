package spillway;

/** A run of records of one partition. Source and offset name it; the records have the form of the protocol. */
public final class Envelope {
  public String source;
  public long firstOffset;
  public byte[] records;
}
