package spillway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EnvelopeCutterTest {
  private static final int MAX_EVENTS = 3;
  private static final int MAX_BYTES = 64;
  private static final int LINGER_MS = 20;

  private boolean brokersAnswer = true;
  private long nowMs;
  private OneInputStreamOperatorTestHarness<SourceRecord, Envelope> harness;

  @BeforeEach
  void open() throws Exception {
    harness = new OneInputStreamOperatorTestHarness<>(new EnvelopeCutter("run/topic", null, null) {
      @Override
      Messages.Welcome welcome() {
        return new Messages.Welcome(1, "v", 10_000, 10_000, 10_000, 0, 0, 5_000, MAX_EVENTS, MAX_BYTES, LINGER_MS);
      }

      @Override
      boolean brokersAnswer() {
        return brokersAnswer;
      }
    });
    harness.open();
  }

  @AfterEach
  void close() throws Exception {
    harness.close();
  }

  @Test
  void cutsAtTheCountOfEvents() throws Exception {
    for (int offset = 0; offset < 2 * MAX_EVENTS + 1; offset++) put(0, offset, "e" + offset);
    assertEquals(List.of("run/topic/0@0 [e0, e1, e2]", "run/topic/0@3 [e3, e4, e5]"), cut());
  }

  @Test
  void cutsBeforeTheBytesAreTooMany() throws Exception {
    String half = "x".repeat(MAX_BYTES / 2);
    put(0, 10, half);
    put(0, 11, half);
    assertEquals(List.of("run/topic/0@10 [" + half + "]"), cut());
  }

  @Test
  void keepsPartitionsApart() throws Exception {
    put(0, 5, "a");
    put(1, 8, "b");
    put(0, 6, "c");
    harness.prepareSnapshotPreBarrier(1);
    assertEquals(List.of("run/topic/0@5 [a, c]", "run/topic/1@8 [b]"), cut());
  }

  @Test
  void holdsNothingForLongerThanTheLinger() throws Exception {
    harness.setProcessingTime(0);
    put(0, 0, "a");
    harness.setProcessingTime(LINGER_MS - 1);
    assertEquals(List.of(), cut());
    harness.setProcessingTime(LINGER_MS);
    assertEquals(List.of("run/topic/0@0 [a]"), cut());
    put(0, 1, "b");
    harness.setProcessingTime(2 * LINGER_MS);
    assertEquals(List.of("run/topic/0@1 [b]"), cut());
  }

  @Test
  void hasNothingLeftAtACheckpointAndAtTheEnd() throws Exception {
    put(0, 0, "a");
    harness.prepareSnapshotPreBarrier(1);
    assertEquals(List.of("run/topic/0@0 [a]"), cut());
    put(0, 1, "b");
    harness.endInput();
    assertEquals(List.of("run/topic/0@1 [b]"), cut());
  }

  @Test
  void saysAllHeardOnlyAfterWhatWasHeardFirst() throws Exception {
    put(0, 0, "a");
    harness.processWatermark(0);
    assertEquals(List.of("run/topic/0@0 [a]"), cut());
    passBeats(1);
    assertEquals(List.of("beat, all heard"), cut());
  }

  @Test
  void holdsItsHeartbeatsBackWhileTheBrokersAreAway() throws Exception {
    brokersAnswer = false;
    passBeats(10); // it asks after a second of silence
    cut();
    passBeats(40);
    assertEquals(List.of(), cut());
    brokersAnswer = true;
    passBeats(15); // what waited in the producers comes now
    assertEquals(List.of(), cut());
    passBeats(40);
    assertEquals("beat", cut().get(0));
  }

  private void passBeats(int count) throws Exception {
    for (int beat = 0; beat < count; beat++) harness.setProcessingTime(nowMs += EnvelopeCutter.HEARTBEAT_MS);
  }

  private void put(int partition, long offset, String value) throws Exception {
    SourceRecord record = new SourceRecord();
    record.partition = partition;
    record.offset = offset;
    record.value = value.getBytes(StandardCharsets.UTF_8);
    harness.processElement(record, 0);
  }

  /** What was cut since this was asked last. */
  private List<String> cut() {
    List<String> cut = new ArrayList<>();
    for (Envelope envelope : harness.extractOutputValues()) {
      if (envelope.isHeartbeat()) {
        cut.add(envelope.allHeardSinceMs > 0 ? "beat, all heard" : "beat");
        continue;
      }
      List<String> records = ByteList.decode(envelope.records).stream().map(String::new).toList();
      cut.add(envelope.source + "@" + envelope.firstOffset + " " + records);
    }
    harness.getOutput().clear();
    return cut;
  }
}
