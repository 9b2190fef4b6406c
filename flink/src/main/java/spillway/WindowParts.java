package spillway;

/** A window that takes no more: its partials, and what has to balance. */
public final class WindowParts {
  public long startMs;
  public long endMs;
  public long accepted;
  public long acceptedSum;
  public long edge;
  public long burst;
  public byte[] partials;
}
