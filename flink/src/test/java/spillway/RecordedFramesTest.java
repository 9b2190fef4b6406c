package spillway;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Holds the Java side to the frames that the TypeScript side is held to, with the same values. */
class RecordedFramesTest {
  private static final int ID = 7;
  private static final Map<String, byte[]> RECORDED = new HashMap<>();

  @BeforeAll
  static void readThem() throws IOException {
    for (String line : Files.readAllLines(Path.of(System.getProperty("recorded.frames")))) {
      if (line.startsWith("#")) continue;
      String[] parts = line.split(" ");
      RECORDED.put(parts[0], HexFormat.of().parseHex(parts[1]));
    }
  }

  @Test
  void requestsAreWrittenAsRecorded() throws IOException {
    assertWritten("hello", Messages.HELLO, Messages.hello("bids", "abc123"));
    assertWritten("admit", Messages.ADMIT, Messages.admit(envelope()));
    assertWritten("fold", Messages.FOLD, Messages.fold(envelope()));
    AdmittedEnvelope admitted = new AdmittedEnvelope();
    admitted.envelope = envelope();
    admitted.rejected = new int[] {1};
    assertWritten("fold-again", Messages.FOLD, Messages.foldAgain(admitted));
    assertWritten("merge", Messages.MERGE, ByteList.of(List.of(bytes("partial"), bytes("other"))));
    assertWritten("present", Messages.PRESENT, Messages.present(parts()));
  }

  @Test
  void answersAreReadAsTheyWereMeant() throws IOException {
    assertEquals(
        new Messages.Welcome(1, "abc123", 10_000, 5_000, 5_000, 5_000, 2_000, 5_000, 256, 262_144, 60),
        Messages.welcome(read("welcome").payload()));

    AdmittedEnvelope admitted = Messages.admitted(envelope(), read("admitted").payload());
    assertArrayEquals(new int[] {1}, admitted.rejected);
    assertEquals(1_795_366_780_123L, admitted.newestMs);
    assertArrayEquals(new long[] {1_795_366_780_000L}, admitted.paneStartsMs);
    assertArrayEquals(new int[] {2}, admitted.paneEvents);

    AdmittedEnvelope nothing = Messages.admitted(envelope(), read("admitted-nothing").payload());
    assertEquals(0, nothing.events());
    assertTrue(nothing.newestMs < 0);

    WindowShare share = Messages.folded(read("folded").payload()).get(0);
    assertEquals(1_795_366_780_000L, share.paneStartMs);
    assertEquals(2, share.accepted);
    assertEquals(0xfedcba9876543210L, share.acceptedSum);
    assertEquals(List.of(0L, 1L, 1L), List.of(share.edge, share.burst, share.dead));
    assertArrayEquals(bytes("partial"), share.partial);

    SidecarRefused refused = Messages.refused(read("refused").payload());
    assertEquals("unknown_envelope", refused.code);
    assertTrue(refused.retryable);
  }

  @Test
  void anySplitOfTheBytesGivesTheSameFrames() throws IOException {
    for (int most = 1; most < 20; most++) {
      ReadableByteChannel channel = inPieces(most, RECORDED.get("admit"), RECORDED.get("folded"));
      assertEquals(Messages.ADMIT, Frames.read(channel).kind());
      assertEquals(Messages.OK, Frames.read(channel).kind());
      assertThrows(IOException.class, () -> Frames.read(channel));
    }
  }

  @Test
  void aLengthThatNoFrameHasIsRefused() {
    for (int length : new int[] {0, 4, Frames.MAX_FRAME_BYTES + 1, -1}) {
      byte[] prefix = ByteBuffer.allocate(4).putInt(length).array();
      assertThrows(IOException.class, () -> Frames.read(inPieces(4, prefix)));
    }
  }

  private static Envelope envelope() {
    Envelope envelope = new Envelope();
    envelope.source = "run-1/bids/3";
    envelope.firstOffset = 5_000_000_000L;
    envelope.records = ByteList.of(List.of(bytes("{\"a\":1}"), bytes("no event"), bytes("{\"a\":\"\u00e9\"}")));
    return envelope;
  }

  private static WindowParts parts() {
    WindowParts parts = new WindowParts();
    parts.startMs = 1_795_366_780_000L;
    parts.endMs = 1_795_366_790_000L;
    parts.accepted = 2;
    parts.acceptedSum = 0xfedcba9876543210L;
    parts.burst = 1;
    parts.partials = ByteList.of(List.of(bytes("partial")));
    return parts;
  }

  private static void assertWritten(String name, int kind, byte[] payload) throws IOException {
    ByteBuffer frame = Frames.encode(ID, kind, payload);
    byte[] written = new byte[frame.remaining()];
    frame.get(written);
    assertEquals(HexFormat.of().formatHex(RECORDED.get(name)), HexFormat.of().formatHex(written), name);
  }

  private static Frames.Frame read(String name) throws IOException {
    Frames.Frame frame = Frames.read(inPieces(64, RECORDED.get(name)));
    assertEquals(ID, frame.id());
    return frame;
  }

  /** A channel that gives so many bytes at a time at most. */
  private static ReadableByteChannel inPieces(int most, byte[]... parts) {
    ByteBuffer all = ByteBuffer.allocate(1 << 12);
    for (byte[] part : parts) all.put(part);
    return Channels.newChannel(new ByteArrayInputStream(all.array(), 0, all.position()) {
      @Override
      public synchronized int read(byte[] into, int offset, int length) {
        return super.read(into, offset, Math.min(length, most));
      }
    });
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
