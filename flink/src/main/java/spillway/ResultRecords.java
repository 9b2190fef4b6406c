package spillway;

import java.nio.charset.StandardCharsets;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Writes a final window as a record whose key is the end of the window. */
final class ResultRecords implements KafkaRecordSerializationSchema<FinalWindow> {
  private static final long serialVersionUID = 1L;
  private final String topic;

  ResultRecords(String topic) {
    this.topic = topic;
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(FinalWindow window, KafkaSinkContext context, Long timestampMs) {
    return new ProducerRecord<>(topic, Long.toString(window.endMs).getBytes(StandardCharsets.UTF_8), window.json);
  }
}
