package spillway.plain;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/**
 * The pipeline `hot` as one would write it for Flink: a bid is parsed by Jackson, and count, sum and maximum of the
 * prices are kept for each auction and ten seconds. Sums are of doubles, so they may differ in the last digit.
 */
public final class PlainJob {
  private PlainJob() {}

  /** A bid as far as the aggregates need it. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public static final class Bid {
    public long auction;
    public double price;
    public long dateTime;
  }

  /** What is kept of a window and an auction. */
  public static final class Totals {
    public long bids;
    public double revenue;
    public double top = Double.NEGATIVE_INFINITY;
  }

  public static void main(String[] args) throws Exception {
    Map<String, String> given = new HashMap<>();
    for (int at = 0; at + 1 < args.length; at += 2) given.put(args[at].substring(2), args[at + 1]);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(Integer.parseInt(given.get("parallelism")));
    env.enableCheckpointing(2_000);
    env.getConfig().setAutoWatermarkInterval(50);
    env.getConfig().enableObjectReuse();
    env.setBufferTimeout(10);
    env.fromSource(source(given), watermarks(), "source")
        .keyBy(bid -> bid.auction)
        .window(TumblingEventTimeWindows.of(Duration.ofSeconds(10)))
        .allowedLateness(Duration.ofSeconds(5))
        .aggregate(new Add(), new Present())
        .sinkTo(sink(given));
    env.execute("plain hot");
  }

  private static KafkaSource<Bid> source(Map<String, String> given) {
    return KafkaSource.<Bid>builder()
        .setBootstrapServers(given.get("bootstrap"))
        .setTopics(given.get("topic"))
        .setGroupId("plain-hot")
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setValueOnlyDeserializer(new Bids())
        .build();
  }

  private static WatermarkStrategy<Bid> watermarks() {
    return WatermarkStrategy.<Bid>forBoundedOutOfOrderness(Duration.ofSeconds(2))
        .withIdleness(Duration.ofSeconds(5))
        .withTimestampAssigner((bid, timestampMs) -> bid.dateTime);
  }

  private static KafkaSink<String> sink(Map<String, String> given) {
    return KafkaSink.<String>builder()
        .setBootstrapServers(given.get("bootstrap"))
        .setRecordSerializer(KafkaRecordSerializationSchema.<String>builder()
            .setTopic(given.get("results"))
            .setValueSerializationSchema(new SimpleStringSchema())
            .build())
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix("plain-hot")
        .setProperty("transaction.timeout.ms", "600000")
        .build();
  }

  private static final class Bids extends AbstractDeserializationSchema<Bid> {
    private transient ObjectReader reader;

    @Override
    public void open(InitializationContext context) {
      reader = new ObjectMapper().readerFor(Bid.class);
    }

    @Override
    public Bid deserialize(byte[] record) throws IOException {
      return reader.readValue(record);
    }
  }

  private static final class Add implements AggregateFunction<Bid, Totals, Totals> {
    @Override
    public Totals createAccumulator() {
      return new Totals();
    }

    @Override
    public Totals add(Bid bid, Totals totals) {
      totals.bids += 1;
      totals.revenue += bid.price;
      totals.top = Math.max(totals.top, bid.price);
      return totals;
    }

    @Override
    public Totals getResult(Totals totals) {
      return totals;
    }

    @Override
    public Totals merge(Totals one, Totals other) {
      one.bids += other.bids;
      one.revenue += other.revenue;
      one.top = Math.max(one.top, other.top);
      return one;
    }
  }

  private static final class Present extends ProcessWindowFunction<Totals, String, Long, TimeWindow> {
    @Override
    public void process(Long auction, Context context, Iterable<Totals> all, Collector<String> out) {
      for (Totals totals : all) {
        out.collect("{\"start\":" + context.window().getStart() + ",\"auction\":" + auction + ",\"bids\":" + totals.bids
            + ",\"revenue\":" + totals.revenue + ",\"top\":" + totals.top + "}");
      }
    }
  }
}
