package spillway;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Requests to the sidecar and its answers; the other side is sidecar/messages.ts. */
final class Messages {
  static final int PROTOCOL_VERSION = 1;

  static final int HELLO = 1;
  static final int ADMIT = 2;
  static final int FOLD = 3;
  static final int MERGE = 4;
  static final int PRESENT = 5;

  static final int OK = 0;

  static final byte BURST = 1;

  private Messages() {}

  /** What the job has to know of the pipeline: its windows, and how to cut envelopes. */
  record Welcome(
      int protocol,
      String version,
      long sizeMs,
      long slideMs,
      long paneMs,
      long allowedLatenessMs,
      long outOfOrdernessMs,
      long idleTimeoutMs,
      int maxEnvelopeEvents,
      int maxEnvelopeBytes,
      int lingerMs) {}

  static byte[] hello(String pipeline, String version) {
    return new Payload().u16(PROTOCOL_VERSION).text(pipeline).text(version).end();
  }

  static Welcome welcome(ByteBuffer from) {
    return new Welcome(
        from.getShort(),
        Payload.readText(from),
        from.getLong(),
        from.getLong(),
        from.getLong(),
        from.getLong(),
        from.getLong(),
        from.getLong(),
        from.getInt(),
        from.getInt(),
        from.getInt());
  }

  static byte[] admit(Envelope envelope) {
    return new Payload().text(envelope.source).i64(envelope.firstOffset).raw(envelope.records).end();
  }

  static AdmittedEnvelope admitted(Envelope envelope, ByteBuffer from) {
    AdmittedEnvelope admitted = new AdmittedEnvelope();
    admitted.envelope = envelope;
    admitted.rejected = new int[from.getInt()];
    for (int index = 0; index < admitted.rejected.length; index++) admitted.rejected[index] = from.getInt();
    admitted.newestMs = from.getLong();
    int panes = from.getInt();
    admitted.paneStartsMs = new long[panes];
    admitted.paneEvents = new int[panes];
    for (int index = 0; index < panes; index++) {
      admitted.paneStartsMs[index] = from.getLong();
      admitted.paneEvents[index] = from.getInt();
    }
    return admitted;
  }

  /** Asks for the fold of an envelope that the sidecar has. */
  static byte[] fold(Envelope envelope) {
    return new Payload().text(envelope.source).i64(envelope.firstOffset).u8(0).end();
  }

  /** The same, with all that it needs when the sidecar does not have it any more. */
  static byte[] foldAgain(AdmittedEnvelope admitted) {
    Envelope envelope = admitted.envelope;
    Payload payload = new Payload().text(envelope.source).i64(envelope.firstOffset).u8(1).u32(admitted.rejected.length);
    for (int index : admitted.rejected) payload.u32(index);
    return payload.raw(envelope.records).end();
  }

  /** What an envelope comes to, a share for each pane; `endMs` of a share is set by whoever knows the windows. */
  static List<WindowShare> folded(ByteBuffer from) {
    boolean burst = from.get() == BURST;
    int panes = from.getInt();
    List<WindowShare> shares = new ArrayList<>(panes);
    for (int index = 0; index < panes; index++) {
      WindowShare share = new WindowShare();
      share.paneStartMs = from.getLong();
      share.accepted = from.getLong();
      share.acceptedSum = from.getLong();
      int folded = from.getInt();
      share.edge = burst ? 0 : folded;
      share.burst = burst ? folded : 0;
      share.dead = from.getInt();
      share.partial = Payload.readBytes(from);
      shares.add(share);
    }
    return shares;
  }

  static byte[] present(WindowParts window) {
    return new Payload()
        .i64(window.startMs)
        .i64(window.endMs)
        .i64(window.accepted)
        .i64(window.acceptedSum)
        .i64(window.edge)
        .i64(window.burst)
        .raw(window.partials)
        .end();
  }

  static SidecarRefused refused(ByteBuffer from) {
    return new SidecarRefused(Payload.readText(from), Payload.readText(from), from.get() == 1);
  }
}
