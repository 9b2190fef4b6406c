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
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import spillway.Elements.*;

/** Holds the Java side to the frames that the TypeScript side is held to, with the same values. */
class RecordedFramesTest {
  private static final int ID = 7;
  private static final Span SPAN = new Span("run-1/bids/3", 5_000_000_000L, 5_000_000_004L);
  private static final Counts COUNTS = new Counts(2, 0xfedcba9876543210L, 0, 1, 1, 1);
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
  void requestsAreWrittenAsRecorded() {
    assertWritten("hello", Messages.HELLO, Messages.hello("bids", "abc123"));
    assertWritten("admit", Messages.ADMIT, Messages.admit(envelope()));
    assertWritten("fold", Messages.FOLD, Messages.fold(envelope()));
    AdmittedEnvelope admitted = new AdmittedEnvelope(
        envelope(), new int[] {1}, new TopicRecord[0], 0, new long[0], new int[0]);
    assertWritten("fold-again", Messages.FOLD, Messages.foldAgain(admitted));
    assertWritten("merge", Messages.MERGE, Wire.list(List.of(bytes("partial"), bytes("other"))));
    WindowParts parts =
        new WindowParts(1_795_366_780_000L, 1_795_366_790_000L, COUNTS, Wire.list(List.of(bytes("partial"))));
    assertWritten("present", Messages.PRESENT, Messages.present(parts));
    WindowShare share = new WindowShare(SPAN, 1_795_366_790_000L, 1_795_366_780_000L, COUNTS, new byte[0]);
    assertWritten("late", Messages.LATE, Messages.late(share, 1_795_366_780_000L));
  }

  @Test
  void answersAreReadAsTheyWereMeant() throws IOException {
    assertEquals(
        new Messages.Welcome(2, "abc123", 10_000, 5_000, 5_000, 5_000, 2_000, 5_000, 256, 262_144, 60),
        Messages.welcome(read("welcome").payload()));

    AdmittedEnvelope admitted = Messages.admitted(envelope(), read("admitted").payload());
    assertArrayEquals(new int[] {1}, admitted.rejected());
    assertEquals(1_795_366_780_123L, admitted.newestMs());
    assertArrayEquals(new long[] {1_795_366_780_000L}, admitted.paneStartsMs());
    assertArrayEquals(new int[] {2}, admitted.paneEvents());

    AdmittedEnvelope nothing = Messages.admitted(envelope(), read("admitted-nothing").payload());
    assertTrue(nothing.isEmpty());
    assertTrue(nothing.newestMs() < 0);
    assertEquals(List.of("run-1/bids/3 {\"code\":\"invalid_json\"}"), letters(admitted.letters()));

    ByteBuffer folded = read("folded").payload();
    WindowShare share = Messages.shares(SPAN, folded)[0];
    assertEquals(new Counts(2, 0xfedcba9876543210L, 0, 1, 1, 1), share.counts());
    assertEquals(1_795_366_780_000L, share.paneStartMs());
    assertArrayEquals(bytes("partial"), share.partial());
    TopicRecord[] letters = TopicRecord.letters(SPAN, folded);
    assertEquals(List.of("run-1/bids/3 {\"code\":\"map_failed\"}"), letters(letters));

    SidecarClient.Refused refused = Messages.refused(read("refused").payload());
    assertTrue(SidecarClient.Refused.is(refused, "unknown_envelope"));
  }

  @Test
  void anySplitOfTheBytesGivesTheSameFrames() throws IOException {
    for (int most = 1; most < 20; most++) {
      ReadableByteChannel channel = inPieces(most, RECORDED.get("admit"), RECORDED.get("folded"));
      assertEquals(Messages.ADMIT, Wire.read(channel).kind());
      assertEquals(Messages.OK, Wire.read(channel).kind());
      assertThrows(IOException.class, () -> Wire.read(channel));
    }
  }

  @Test
  void aLengthThatNoFrameHasIsRefused() {
    for (int length : new int[] {0, 4, Wire.MAX_FRAME_BYTES + 1, -1}) {
      byte[] prefix = ByteBuffer.allocate(4).putInt(length).array();
      assertThrows(IllegalArgumentException.class, () -> Wire.read(inPieces(4, prefix)));
    }
  }

  private static Envelope envelope() {
    byte[] records = new Wire.Payload().u32(3)
        .u32(0).text("{\"a\":1}").u32(1).text("no event").u32(4).text("{\"a\":\"\u00e9\"}").end();
    return Envelope.of(SPAN, records);
  }

  private static void assertWritten(String name, int kind, byte[] payload) {
    ByteBuffer frame = Wire.frame(ID, kind, payload);
    byte[] written = new byte[frame.remaining()];
    frame.get(written);
    assertEquals(HexFormat.of().formatHex(RECORDED.get(name)), HexFormat.of().formatHex(written), name);
  }

  private static List<String> letters(TopicRecord[] letters) {
    return Stream.of(letters).map(letter -> new String(letter.key()) + " " + new String(letter.value())).toList();
  }

  private static Wire.Frame read(String name) throws IOException {
    Wire.Frame frame = Wire.read(inPieces(64, RECORDED.get(name)));
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
