package spillway;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Takes records as they come. A record without a value is taken as an empty one, which the sidecar rejects. */
final class SourceRecords implements KafkaRecordDeserializationSchema<SourceRecord> {
  private static final long serialVersionUID = 1L;

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> from, Collector<SourceRecord> out) {
    SourceRecord record = new SourceRecord();
    record.partition = from.partition();
    record.offset = from.offset();
    record.value = from.value() == null ? new byte[0] : from.value();
    out.collect(record);
  }

  @Override
  public TypeInformation<SourceRecord> getProducedType() {
    return TypeInformation.of(SourceRecord.class);
  }
}
