package spillway;

/** A record of the source topic; what is in it only the sidecar knows. */
public final class SourceRecord {
  public int partition;
  public long offset;
  public byte[] value;
}
