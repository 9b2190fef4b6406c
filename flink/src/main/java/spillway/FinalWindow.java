package spillway;

/** A result as it goes out: which window, and its text. */
public final class FinalWindow {
  public long endMs;
  public byte[] json;
}
