package spillway;
import java.util.*;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.streaming.api.datastream.*;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import spillway.Elements.*;
import spillway.EnvelopeCutter.Brokers;

/**
 * The job: Kafka, envelopes, admit, watermarks, fold (edge or burst), merge by window, present, Kafka. Java moves
 * bytes, keeps keys, time and state; what events mean and where they are folded is the sidecar's.
 */
public final class SpillwayJob {
  private static final int ADMITS_IN_FLIGHT = 64, PRESENTS_IN_FLIGHT = 8;
  private static final int FOLDS_IN_FLIGHT = 256; // deep enough for the sidecar to see a queue grow past its limit
  private static final long TIMEOUT_S = 300;
  private static final long FOLD_TIMEOUT_S = 3_600; // 65,000 events before it, at 20 a second
  private static final int MAX_RECORD_BYTES = 16 * 1024 * 1024; // a window of some ten thousand keys
  // Of a partition at a time: one that is behind is read in turn with the others, and never falls silent by that.
  private static final int MAX_FETCH_BYTES = 32 * 1024;
  private static final int TRANSACTION_TIMEOUT_MS = 600_000; // brokers allow 15 minutes
  private static final Map<String, String> DEFAULTS = Map.of(
      "pipeline", "bids", "sidecar", "unix:.spillway/sidecar.sock", "sidecar-command", "",
      "bootstrap", "127.0.0.1:9092", "topic", "events", "results", "results", "dead-letters", "",
      "parallelism", "1", "checkpoint-ms", "2000", "checkpoint-dir", "");
  private static final List<String> NUMBERS = List.of("parallelism", "checkpoint-ms");

  public static void main(String[] args) throws Exception {
    Map<String, String> options = parse(args);
    Configuration conf = new Configuration();
    conf.setString("pipeline.generic-types", "false"); // what Flink does not know is slow, and changes silently
    String checkpoints = options.get("checkpoint-dir");
    if (!checkpoints.isEmpty()) conf.setString("execution.checkpointing.dir", checkpoints);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(conf);
    env.setParallelism(Integer.parseInt(options.get("parallelism")));
    env.enableCheckpointing(Integer.parseInt(options.get("checkpoint-ms")));
    env.getConfig().setAutoWatermarkInterval(50);
    env.getConfig().enableObjectReuse(); // every operator makes its elements and never changes one
    env.setBufferTimeout(10);
    build(env, options);
    env.execute("spillway " + options.get("pipeline"));
  }

  /** Throws IllegalArgumentException with what is wrong and which options there are. */
  static Map<String, String> parse(String[] args) {
    Map<String, String> options = new TreeMap<>(DEFAULTS);
    options.put("run", UUID.randomUUID().toString());
    for (int at = 0; at < args.length; at += 2) {
      String name = args[at].startsWith("--") ? args[at].substring(2) : "";
      boolean isNumber = NUMBERS.contains(name);
      if (!options.containsKey(name) || at + 1 == args.length || (isNumber && !args[at + 1].matches("\\d{1,9}"))) {
        throw new IllegalArgumentException(args[at] + ": give --NAME VALUE, with a whole number for " + NUMBERS
            + "; the names are " + options.keySet());
      }
      options.put(name, args[at + 1]);
    }
    if (options.get("dead-letters").isEmpty()) options.put("dead-letters", options.get("results") + "-dead-letters");
    return options;
  }

  private static void build(StreamExecutionEnvironment env, Map<String, String> options) {
    SidecarClient.Address sidecar = new SidecarClient.Address(
        options.get("sidecar"), options.get("pipeline"), options.get("sidecar-command"));
    DataStream<Envelope> envelopes = env
        .fromSource(source(options), PartitionWatermarks.heardOf(sidecar), "source").uid("source")
        .transform("cut", TypeInformation.of(Envelope.class), new EnvelopeCutter(
            options.get("run") + "/" + options.get("topic"), sidecar, new Brokers(options.get("bootstrap"))))
        .uid("cut");
    DataStream<AdmittedEnvelope> admitted = AsyncDataStream
        .orderedWait(envelopes, new Ask<>(sidecar, Ask::admit), TIMEOUT_S, TimeUnit.SECONDS, ADMITS_IN_FLIGHT)
        .returns(AdmittedEnvelope.class).name("admit").uid("admit")
        .assignTimestampsAndWatermarks(PartitionWatermarks.strategy(sidecar)).name("watermarks").uid("watermarks");
    DataStream<Folded> folded = AsyncDataStream
        .unorderedWait(admitted, new Ask<>(sidecar, Ask::fold), FOLD_TIMEOUT_S, TimeUnit.SECONDS, FOLDS_IN_FLIGHT)
        .returns(Folded.class).name("fold").uid("fold");
    SingleOutputStreamOperator<WindowParts> windows = folded
        .flatMap((Folded one, Collector<WindowShare> out) -> Arrays.stream(one.shares()).forEach(out::collect))
        .returns(WindowShare.class).name("shares").uid("shares")
        .keyBy(WindowShare::endMs, TypeInformation.of(Long.class))
        .process(new WindowMerge(sidecar)).name("merge").uid("merge");
    AsyncDataStream
        .unorderedWait(windows, new Ask<>(sidecar, Ask::present), TIMEOUT_S, TimeUnit.SECONDS, PRESENTS_IN_FLIGHT)
        .returns(TopicRecord.class).name("present").uid("present")
        .sinkTo(sink(options, "results")).name("results").uid("results");
    folded.flatMap((Folded one, Collector<TopicRecord> out) -> Arrays.stream(one.letters()).forEach(out::collect))
        .returns(TopicRecord.class).name("letters").uid("letters")
        .union(windows.getSideOutput(WindowMerge.LATE))
        .sinkTo(sink(options, "dead-letters")).name("dead letters").uid("dead-letters");
  }

  private static KafkaSource<SourceRecord> source(Map<String, String> options) {
    return KafkaSource.<SourceRecord>builder()
        .setBootstrapServers(options.get("bootstrap")).setTopics(options.get("topic"))
        .setGroupId("spillway-" + options.get("run")).setStartingOffsets(OffsetsInitializer.earliest())
        .setProperty("max.partition.fetch.bytes", Integer.toString(MAX_FETCH_BYTES))
        .setDeserializer(new Records()).build();
  }

  /** Takes records as they come. One without a value is taken as an empty one, which the sidecar rejects. */
  private static final class Records implements KafkaRecordDeserializationSchema<SourceRecord> {
    @Override public void deserialize(ConsumerRecord<byte[], byte[]> from, Collector<SourceRecord> out) {
      byte[] value = from.value() == null ? new byte[0] : from.value();
      out.collect(new SourceRecord(from.partition(), from.offset(), value));
    }

    @Override public TypeInformation<SourceRecord> getProducedType() {
      return TypeInformation.of(SourceRecord.class);
    }
  }

  /** Readers with isolation level read_committed see each window and each letter once, whatever failed in between. */
  private static KafkaSink<TopicRecord> sink(Map<String, String> options, String name) {
    String topic = options.get(name);
    return KafkaSink.<TopicRecord>builder().setBootstrapServers(options.get("bootstrap"))
        .setRecordSerializer((record, context, atMs) -> new ProducerRecord<>(topic, record.key(), record.value()))
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix("spillway-" + name + "-" + options.get("run"))
        .setProperty("transaction.timeout.ms", Integer.toString(TRANSACTION_TIMEOUT_MS))
        .setProperty("max.request.size", Integer.toString(MAX_RECORD_BYTES)).build();
  }
}
