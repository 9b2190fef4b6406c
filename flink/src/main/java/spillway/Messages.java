package spillway;
import java.nio.ByteBuffer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import spillway.Elements.*;
import spillway.Wire.Payload;

/** Requests to the sidecar and its answers; the other side is flink/sidecar/messages.ts. */
final class Messages {
  static final int PROTOCOL_VERSION = 2;
  static final int HELLO = 1, ADMIT = 2, FOLD = 3, MERGE = 4, PRESENT = 5, LATE = 8;
  static final int OK = 0;
  private static final byte BURST = 1;

  /** What the job has to know of the pipeline: its windows, and how to cut envelopes. */
  record Welcome(int protocol, String version, long sizeMs, long slideMs, long paneMs, long allowedLatenessMs,
      long outOfOrdernessMs, long idleTimeoutMs, int maxEnvelopeEvents, int maxEnvelopeBytes, int lingerMs) {
    /** The ends, ascending, of all windows that contain the pane. A window starts at a multiple of the slide. */
    long[] endsOfPane(long paneStartMs) {
      long firstMs = (Math.floorDiv(paneStartMs - sizeMs, slideMs) + 1) * slideMs + sizeMs;
      return LongStream.iterate(firstMs, endMs -> endMs <= lastEnd(paneStartMs), endMs -> endMs + slideMs).toArray();
    }

    /** The end of the last window that contains this time. */
    long lastEnd(long timeMs) { return Math.floorDiv(timeMs, slideMs) * slideMs + sizeMs; }
  }

  static byte[] hello(String pipeline, String version) {
    return new Payload().u16(PROTOCOL_VERSION).text(pipeline).text(version).end();
  }

  static Welcome welcome(ByteBuffer from) {
    return new Welcome(from.getShort(), Wire.readText(from), from.getLong(), from.getLong(), from.getLong(),
        from.getLong(), from.getLong(), from.getLong(), from.getInt(), from.getInt(), from.getInt());
  }
  static byte[] admit(Envelope envelope) { return named(envelope.span()).raw(envelope.records()).end(); }
  static AdmittedEnvelope admitted(Envelope envelope, ByteBuffer from) {
    int[] rejected = IntStream.range(0, from.getInt()).map(index -> from.getInt()).toArray();
    long newestMs = from.getLong();
    long[] startsMs = new long[from.getInt()];
    int[] events = new int[startsMs.length];
    for (int index = 0; index < startsMs.length; index++) {
      startsMs[index] = from.getLong();
      events[index] = from.getInt();
    }
    return new AdmittedEnvelope(
        envelope, rejected, TopicRecord.letters(envelope.span(), from), newestMs, startsMs, events);
  }

  /** Asks for the fold of an envelope that the sidecar has. */
  static byte[] fold(Envelope envelope) { return named(envelope.span()).u8(0).end(); }

  /** The same, with all that it needs when the sidecar does not have it any more. */
  static byte[] foldAgain(AdmittedEnvelope admitted) {
    Payload payload = named(admitted.envelope().span()).u8(1).u32(admitted.rejected().length);
    for (int index : admitted.rejected()) payload.u32(index);
    return payload.raw(admitted.envelope().records()).end();
  }

  /** A share for each pane, in no window yet; a list of letters follows. */
  static WindowShare[] shares(Span span, ByteBuffer from) {
    boolean isBurst = from.get() == BURST;
    WindowShare[] shares = new WindowShare[from.getInt()];
    for (int index = 0; index < shares.length; index++) {
      long startMs = from.getLong();
      long accepted = from.getLong();
      long sum = from.getLong();
      int folded = from.getInt();
      Counts counts = new Counts(accepted, sum, isBurst ? 0 : folded, isBurst ? folded : 0, from.getInt(), 1);
      shares[index] = new WindowShare(span, 0, startMs, counts, Wire.readBytes(from));
    }
    return shares;
  }

  static byte[] present(WindowParts window) {
    Payload times = new Payload().i64(window.startMs()).i64(window.endMs());
    return counted(times, window.counts()).raw(window.partials()).end();
  }

  /** Asks for the letter of a share that came too late for its window. */
  static byte[] late(WindowShare share, long startMs) {
    Payload payload = named(share.span()).i64(share.span().lastOffset()).i64(startMs).i64(share.endMs());
    return counted(payload, share.counts()).end();
  }

  static SidecarClient.Refused refused(ByteBuffer from) {
    return new SidecarClient.Refused(Wire.readText(from), Wire.readText(from), from.get() == 1);
  }
  private static Payload named(Span span) { return new Payload().text(span.source()).i64(span.firstOffset()); }
  private static Payload counted(Payload payload, Counts counts) {
    return payload.i64(counts.accepted()).i64(counts.acceptedSum()).i64(counts.edge()).i64(counts.burst())
        .i64(counts.dead());
  }
}
