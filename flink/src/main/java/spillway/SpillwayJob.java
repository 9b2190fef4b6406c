package spillway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The job: Kafka, envelopes, admit, watermarks, fold (edge or burst), merge by window, present, Kafka. Java moves bytes,
 * keeps keys, time and state; what events mean and where they are folded is the sidecar's.
 */
public final class SpillwayJob {
  private static final int ADMITS_IN_FLIGHT = 64;
  private static final int FOLDS_IN_FLIGHT = 256; // deep enough for the sidecar to see a queue grow past its limit
  private static final int PRESENTS_IN_FLIGHT = 8;
  // The sidecar folds at the edge what the cloud does not finish in 30 s; a try that takes longer than this is lost.
  private static final long TIMEOUT_S = 300;
  private static final int MAX_RESULT_BYTES = 16 * 1024 * 1024; // a window of some ten thousand keys
  // Of a partition at a time: one that is behind is read in turn with the others, and never falls silent by that.
  private static final int MAX_FETCH_BYTES = 32 * 1024;
  private static final int TRANSACTION_TIMEOUT_MS = 600_000; // brokers allow 15 minutes

  private SpillwayJob() {}

  public static void main(String[] args) throws Exception {
    JobOptions options = JobOptions.parse(args);
    StreamExecutionEnvironment env = environment(options);
    build(env, options);
    env.execute("spillway " + options.text("pipeline"));
  }

  private static StreamExecutionEnvironment environment(JobOptions options) {
    Configuration conf = new Configuration();
    conf.setString("pipeline.generic-types", "false"); // a type that Flink does not know would be slow and change silently
    if (options.has("checkpoint-dir")) conf.setString("execution.checkpointing.dir", options.text("checkpoint-dir"));
    return StreamExecutionEnvironment.getExecutionEnvironment(conf);
  }

  private static void build(StreamExecutionEnvironment env, JobOptions options) {
    env.setParallelism(options.number("parallelism"));
    env.enableCheckpointing(options.number("checkpoint-ms"));
    env.getConfig().setAutoWatermarkInterval(50);
    env.getConfig().enableObjectReuse(); // every operator makes its elements and never changes one
    env.setBufferTimeout(10);
    SidecarAddress sidecar = new SidecarAddress(options.text("sidecar"), options.text("pipeline"));
    String run = options.text("run") + "/" + options.text("topic");

    DataStream<Envelope> envelopes = env
        .fromSource(source(options), WatermarkStrategy.forGenerator(PartitionsHeard.supplier(sidecar)), "source")
        .uid("source")
        .transform(
            "cut",
            TypeInformation.of(Envelope.class),
            new EnvelopeCutter(run, sidecar, new Brokers(options.text("bootstrap"))))
        .uid("cut");
    DataStream<AdmittedEnvelope> admitted = AsyncDataStream
        .orderedWait(envelopes, new Admit(sidecar), TIMEOUT_S, TimeUnit.SECONDS, ADMITS_IN_FLIGHT)
        .name("admit")
        .uid("admit")
        .assignTimestampsAndWatermarks(watermarks(sidecar))
        .name("watermarks")
        .uid("watermarks");
    DataStream<WindowParts> windows = AsyncDataStream
        .unorderedWait(admitted, new Fold(sidecar), TIMEOUT_S, TimeUnit.SECONDS, FOLDS_IN_FLIGHT)
        .name("fold")
        .uid("fold")
        .keyBy(share -> share.endMs, TypeInformation.of(Long.class))
        .process(new WindowMerge(sidecar))
        .name("merge")
        .uid("merge");
    AsyncDataStream
        .unorderedWait(windows, new Present(sidecar), TIMEOUT_S, TimeUnit.SECONDS, PRESENTS_IN_FLIGHT)
        .name("present")
        .uid("present")
        .sinkTo(sink(options))
        .name("results")
        .uid("results");
  }

  private static KafkaSource<SourceRecord> source(JobOptions options) {
    return KafkaSource.<SourceRecord>builder()
        .setBootstrapServers(options.text("bootstrap"))
        .setTopics(options.text("topic"))
        .setGroupId("spillway-" + options.text("run"))
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setProperty("max.partition.fetch.bytes", Integer.toString(MAX_FETCH_BYTES))
        .setDeserializer(new SourceRecords())
        .build();
  }

  private static WatermarkStrategy<AdmittedEnvelope> watermarks(SidecarAddress sidecar) {
    return WatermarkStrategy
        .<AdmittedEnvelope>forGenerator(context -> {
          try {
            Messages.Welcome welcome = sidecar.welcome();
            return new PartitionWatermarks(
                welcome.outOfOrdernessMs(),
                welcome.idleTimeoutMs(),
                System::currentTimeMillis);
          } catch (IOException error) {
            throw new UncheckedIOException(error);
          }
        })
        .withTimestampAssigner((envelope, timestampMs) -> envelope.newestMs);
  }

  /** Readers with isolation level read_committed see each window once, whatever failed in between. */
  private static KafkaSink<FinalWindow> sink(JobOptions options) {
    return KafkaSink.<FinalWindow>builder()
        .setBootstrapServers(options.text("bootstrap"))
        .setRecordSerializer(new ResultRecords(options.text("results")))
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix("spillway-" + options.text("run"))
        .setProperty("transaction.timeout.ms", Integer.toString(TRANSACTION_TIMEOUT_MS))
        .setProperty("max.request.size", Integer.toString(MAX_RESULT_BYTES))
        .build();
  }
}
