package spillway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import spillway.Elements.*;

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
    assertEquals(List.of("run/topic/0@0 [e0@0, e1@1, e2@2]", "run/topic/0@3 [e3@3, e4@4, e5@5]"), cut());
  }

  @Test
  void cutsBeforeTheBytesAreTooMany() throws Exception {
    String half = "x".repeat(MAX_BYTES / 2);
    put(0, 10, half);
    put(0, 11, half);
    assertEquals(List.of("run/topic/0@10 [" + half + "@10]"), cut());
  }

  @Test
  void keepsPartitionsApart() throws Exception {
    put(0, 5, "a");
    put(1, 8, "b");
    put(0, 6, "c");
    harness.prepareSnapshotPreBarrier(1);
    assertEquals(List.of("run/topic/0@5 [a@5, c@6]", "run/topic/1@8 [b@8]"), cut());
  }

  @Test
  void holdsNothingForLongerThanTheLinger() throws Exception {
    harness.setProcessingTime(0);
    put(0, 0, "a");
    harness.setProcessingTime(LINGER_MS - 1);
    assertEquals(List.of(), cut());
    harness.setProcessingTime(LINGER_MS);
    assertEquals(List.of("run/topic/0@0 [a@0]"), cut());
    put(0, 1, "b");
    harness.setProcessingTime(2 * LINGER_MS);
    assertEquals(List.of("run/topic/0@1 [b@1]"), cut());
  }

  @Test
  void hasNothingLeftAtACheckpointAndAtTheEnd() throws Exception {
    put(0, 0, "a");
    harness.prepareSnapshotPreBarrier(1);
    assertEquals(List.of("run/topic/0@0 [a@0]"), cut());
    put(0, 1, "b");
    harness.processWatermark(Watermark.MAX_WATERMARK);
    assertEquals(List.of("run/topic/0@1 [b@1]"), cut());
  }

  @Test
  void aRecordHasItsOwnOffsetWhereOffsetsAreNotDense() throws Exception {
    put(0, 5, "a");
    put(0, 9, "b");
    put(0, 5_000_000_000L, "far"); // beyond what fits beside the first offset
    harness.prepareSnapshotPreBarrier(1);
    assertEquals(List.of("run/topic/0@5 [a@5, b@9]", "run/topic/0@5000000000 [far@5000000000]"), cut());
  }

  @Test
  void saysThatAllPartitionsWereHeardOfOnlyBehindTheFirstRecordsOfEach() throws Exception {
    passBeats(1);
    assertEquals(List.of("beat"), cut());
    put(0, 0, "a");
    put(1, 0, "b");
    harness.processWatermark(new Watermark(1)); // the source joined it over its partitions
    harness.processWatermark(new Watermark(2));
    put(0, 1, "c");
    harness.prepareSnapshotPreBarrier(1);
    passBeats(1);
    assertEquals(
        List.of("run/topic/0@0 [a@0]", "run/topic/1@0 [b@0]", "run/topic/0@1 [c@1]", "beat, all heard"), cut());
  }

  @Test
  void thatNoPartitionHasAnythingCountsAsHeard() throws Exception {
    harness.processWatermarkStatus(WatermarkStatus.IDLE);
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
    harness.processElement(new SourceRecord(partition, offset, value.getBytes(StandardCharsets.UTF_8)), 0);
  }

  private static List<String> records(Envelope envelope, long firstOffset) {
    ByteBuffer from = ByteBuffer.wrap(envelope.records());
    List<String> records = new ArrayList<>();
    int count = from.getInt();
    for (int index = 0; index < count; index++) {
      long offset = firstOffset + from.getInt();
      records.add(Wire.readText(from) + "@" + offset);
    }
    return records;
  }

  /** What was cut since this was asked last. */
  private List<String> cut() {
    List<String> cut = new ArrayList<>();
    for (Envelope envelope : harness.extractOutputValues()) {
      if (envelope.isHeartbeat()) {
        cut.add(envelope.allHeard() ? "beat, all heard" : "beat");
        continue;
      }
      Span span = envelope.span();
      List<String> records = records(envelope, span.firstOffset());
      cut.add(span.source() + "@" + span.firstOffset() + " " + records);
    }
    harness.getOutput().clear();
    return cut;
  }
}
