package spillway;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.stream.IntStream;

/** What flows between the operators. Names with `Ms` are event time; sums of hashes are modulo 2^64. */
public final class Elements {
  /** A record of the source topic; only the sidecar knows what is in it. */
  public record SourceRecord(int partition, long offset, byte[] value) {}

  /** A run of records of one partition. Source (run, topic, partition) and first offset name its envelope. */
  public record Span(String source, long firstOffset, long lastOffset) {}

  /** Records in the form of the protocol; or none, and then it is a heartbeat of a subtask that reads all it can. */
  public record Envelope(Span span, byte[] records, long beatMs, boolean allHeard) {
    private static final Span NOWHERE = new Span("", -1, -1);
    static Envelope of(Span span, byte[] records) { return new Envelope(span, records, 0, false); }

    /** When it was sent, and whether every partition of the subtask had been heard of, or was idle. */
    static Envelope heartbeat(long atMs, boolean heard) { return new Envelope(NOWHERE, new byte[0], atMs, heard); }
    boolean isHeartbeat() { return records.length == 0; }
  }

  /** An envelope, and what the sidecar says of its events before they are folded. */
  public record AdmittedEnvelope(Envelope envelope, int[] rejected, TopicRecord[] letters, long newestMs,
      long[] paneStartsMs, int[] paneEvents) {
    static AdmittedEnvelope heartbeat(Envelope envelope) {
      return new AdmittedEnvelope(envelope, new int[0], new TopicRecord[0], Long.MIN_VALUE, new long[0], new int[0]);
    }
    boolean isEmpty() { return paneEvents.length == 0; }

    /** Whether as many events of the pane were admitted as its share says. */
    boolean has(WindowShare share) {
      return IntStream.range(0, paneEvents.length).anyMatch(
          index -> paneStartsMs[index] == share.paneStartMs && paneEvents[index] == share.counts.accepted);
    }
  }

  /** What an envelope comes to: its share in each window, and a letter for each record that is in none. */
  public record Folded(WindowShare[] shares, TopicRecord[] letters) {
    static Folded nothing(AdmittedEnvelope admitted) { return new Folded(new WindowShare[0], admitted.letters); }
  }

  /** Events that were accepted, the sum of the hashes of their ids, what became of them, and in how many partials. */
  public record Counts(long accepted, long acceptedSum, long edge, long burst, long dead, int partials) {
    Counts plus(Counts more) {
      return new Counts(accepted + more.accepted, acceptedSum + more.acceptedSum,
          edge + more.edge, burst + more.burst, dead + more.dead, partials + more.partials);
    }
    Counts inOnePartial() { return new Counts(accepted, acceptedSum, edge, burst, dead, 1); }
  }

  /** What one envelope adds to one window. The partial means nothing to the job. */
  public record WindowShare(Span span, long endMs, long paneStartMs, Counts counts, byte[] partial) {
    WindowShare inWindow(long windowMs) { return new WindowShare(span, windowMs, paneStartMs, counts, partial); }
  }

  /** A window that takes no more: its partials, and what has to balance. */
  public record WindowParts(long startMs, long endMs, Counts counts, byte[] partials) {}

  /** A record of a topic that the job writes. */
  public record TopicRecord(byte[] key, byte[] value) {
    static TopicRecord of(String key, byte[] value) { return new TopicRecord(key.getBytes(UTF_8), value); }

    static TopicRecord[] letters(Span span, ByteBuffer from) {
      return IntStream.range(0, from.getInt()).mapToObj(index -> of(span.source(), Wire.readBytes(from)))
          .toArray(TopicRecord[]::new);
    }
  }
}
