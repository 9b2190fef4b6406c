package spillway;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.PojoTypeInfo;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ElementsTest {
  static Class<?>[] elements() {
    return Elements.class.getDeclaredClasses();
  }

  /** A type that Flink does not know goes through Kryo: slow, and another form with another version. */
  @ParameterizedTest
  @MethodSource("elements")
  void areTypesThatFlinkKnowsFieldByField(Class<?> element) {
    Configuration strict = new Configuration();
    strict.setString("pipeline.generic-types", "false");
    TypeInformation<?> type = TypeInformation.of(element);
    assertInstanceOf(PojoTypeInfo.class, type);
    type.createSerializer(new SerializerConfigImpl(strict)); // throws where a field is of another kind
  }
}
