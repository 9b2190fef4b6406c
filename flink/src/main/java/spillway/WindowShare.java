package spillway;

/** What one envelope adds to one window: a partial, and the counts that have to balance. */
public final class WindowShare {
  public long endMs;
  public long paneStartMs;
  /** Events that were accepted, and the sum of the hashes of their ids, modulo 2^64. */
  public long accepted;
  public long acceptedSum;
  public long edge;
  public long burst;
  public long dead;
  public byte[] partial;

  WindowShare inWindow(long windowEndMs) {
    WindowShare share = new WindowShare();
    share.endMs = windowEndMs;
    share.paneStartMs = paneStartMs;
    share.accepted = accepted;
    share.acceptedSum = acceptedSum;
    share.edge = edge;
    share.burst = burst;
    share.dead = dead;
    share.partial = partial;
    return share;
  }
}
