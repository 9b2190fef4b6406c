package spillway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import spillway.Elements.*;

class WindowMergeTest {
  private static final long SIZE_MS = 10_000;
  private static final long LATENESS_MS = 5_000;
  private static final long END_MS = 100_000;
  private static final Span SPAN = new Span("run/topic/0", 10, 20);

  /** Texts as partials: a merge sorts and joins them. */
  private static final class TextMerge extends WindowMerge {
    private static final long serialVersionUID = 1L;

    TextMerge() {
      super(null);
    }

    @Override
    Messages.Welcome connect() {
      return new Messages.Welcome(1, "v", SIZE_MS, SIZE_MS, SIZE_MS, LATENESS_MS, 0, 5_000, 1, 1, 1);
    }

    @Override
    byte[] ask(int kind, byte[] payload) {
      if (kind == Messages.LATE) return "late".getBytes(StandardCharsets.UTF_8);
      return texts(payload).getBytes(StandardCharsets.UTF_8);
    }
  }

  private KeyedOneInputStreamOperatorTestHarness<Long, WindowShare, WindowParts> harness;

  @BeforeEach
  void open() throws Exception {
    harness = newHarness();
    harness.open();
  }

  @AfterEach
  void close() throws Exception {
    harness.close();
  }

  @Test
  void emitsWhenEndAndLatenessArePast() throws Exception {
    put(END_MS, "a", 2, 1, 1, 0);
    put(END_MS, "b", 3, 0, 2, 1);
    harness.processWatermark(END_MS + LATENESS_MS - 1);
    assertEquals(List.of(), emitted());
    harness.processWatermark(END_MS + LATENESS_MS);
    assertEquals(List.of("90000-100000 accepted 5 sum 500 edge 1 burst 3 a,b"), emitted());
  }

  @Test
  void whatComesForAClosedWindowIsALetterAndGoesIntoNoWindow() throws Exception {
    put(END_MS, "a", 1, 1, 0, 0);
    harness.processWatermark(END_MS + LATENESS_MS);
    emitted();
    put(END_MS, "late", 7, 7, 0, 0);
    harness.processWatermark(END_MS + 10 * LATENESS_MS);
    assertEquals(List.of(), emitted());
    assertEquals(0, harness.numKeyedStateEntries());
    TopicRecord letter = harness.getSideOutput(WindowMerge.LATE).remove().getValue();
    assertEquals("run/topic/0 late", new String(letter.key()) + " " + new String(letter.value()));
  }

  @Test
  void compactsManyPartialsAndLosesNone() throws Exception {
    TreeSet<String> expected = new TreeSet<>();
    for (int number = 0; number < 200; number++) {
      String name = String.format("p%03d", number);
      expected.add(name);
      put(END_MS, name, 1, 1, 0, 0);
    }
    harness.processWatermark(END_MS + LATENESS_MS);
    List<WindowParts> windows = harness.extractOutputValues();
    assertTrue(list(windows.get(0).partials()).size() < 64);
    assertEquals(String.join(",", expected), texts(windows.get(0).partials()));
  }

  @Test
  void aWindowThatDoesNotBalanceIsNotEmitted() throws Exception {
    put(END_MS, "a", 3, 1, 1, 0);
    assertThrows(Exception.class, () -> harness.processWatermark(END_MS + LATENESS_MS));
    assertEquals(List.of(), emitted());
  }

  @Test
  void goesOnFromACheckpointInTheMiddleOfAWindow() throws Exception {
    put(END_MS, "a", 2, 2, 0, 0);
    OperatorSubtaskState checkpoint = harness.snapshot(1, 1);
    harness.close();
    harness = newHarness();
    harness.initializeState(checkpoint);
    harness.open();
    put(END_MS, "b", 1, 0, 1, 0);
    harness.processWatermark(END_MS + LATENESS_MS);
    assertEquals(List.of("90000-100000 accepted 3 sum 300 edge 2 burst 1 a,b"), emitted());
  }

  /** A watermark is in no checkpoint: it begins anew, and the window went out already. */
  @Test
  void aWindowThatWentOutBeforeACheckpointIsNotOpenedAgainAfterIt() throws Exception {
    put(END_MS, "a", 2, 2, 0, 0);
    harness.processWatermark(END_MS + LATENESS_MS);
    OperatorSubtaskState checkpoint = harness.snapshot(1, 1);
    harness.close();
    harness = newHarness();
    harness.initializeState(checkpoint);
    harness.open();
    put(END_MS, "late", 1, 1, 0, 0);
    put(END_MS + SIZE_MS, "next", 1, 1, 0, 0);
    harness.processWatermark(END_MS + SIZE_MS + LATENESS_MS);
    assertEquals(List.of("100000-110000 accepted 1 sum 100 edge 1 burst 0 next"), emitted());
    assertEquals(1, harness.getSideOutput(WindowMerge.LATE).size());
  }

  private static KeyedOneInputStreamOperatorTestHarness<Long, WindowShare, WindowParts> newHarness() throws Exception {
    return new KeyedOneInputStreamOperatorTestHarness<>(
        new KeyedProcessOperator<>(new TextMerge()), WindowShare::endMs, Types.LONG);
  }

  private void put(long endMs, String partial, long accepted, long edge, long burst, long dead) throws Exception {
    Counts counts = new Counts(accepted, accepted * 100, edge, burst, dead, 1);
    byte[] bytes = partial.getBytes(StandardCharsets.UTF_8);
    harness.processElement(new WindowShare(SPAN, endMs, endMs - SIZE_MS, counts, bytes), 0);
  }

  private List<String> emitted() {
    List<String> all = harness.extractOutputValues().stream()
        .map(parts -> parts.startMs() + "-" + parts.endMs() + " accepted " + parts.counts().accepted()
            + " sum " + parts.counts().acceptedSum() + " edge " + parts.counts().edge()
            + " burst " + parts.counts().burst() + " " + texts(parts.partials()))
        .toList();
    harness.getOutput().clear();
    return all;
  }

  private static String texts(byte[] partials) {
    return String.join(",", new TreeSet<>(list(partials)));
  }

  private static List<String> list(byte[] encoded) {
    ByteBuffer from = ByteBuffer.wrap(encoded);
    return IntStream.range(0, from.getInt()).mapToObj(index -> Wire.readText(from)).toList();
  }
}
