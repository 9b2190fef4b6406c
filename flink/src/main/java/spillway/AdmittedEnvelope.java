package spillway;

/** An envelope, and what the sidecar says of its events before they are folded. */
public final class AdmittedEnvelope {
  public Envelope envelope;
  /** Indexes of the records that are no events. */
  public int[] rejected;
  /** Largest event time; below every real one when nothing was accepted. */
  public long newestMs;
  public long[] paneStartsMs;
  public int[] paneEvents;

  static AdmittedEnvelope heartbeat(Envelope envelope) {
    AdmittedEnvelope admitted = new AdmittedEnvelope();
    admitted.envelope = envelope;
    admitted.rejected = new int[0];
    admitted.newestMs = Long.MIN_VALUE;
    admitted.paneStartsMs = new long[0];
    admitted.paneEvents = new int[0];
    return admitted;
  }

  long events() {
    long events = 0;
    for (int count : paneEvents) events += count;
    return events;
  }
}
