package spillway;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Writes the fields of a payload; text and bytes have their length before them. Numbers are big endian. */
final class Payload {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);

  Payload u8(int value) {
    out.write(value);
    return this;
  }

  Payload u16(int value) {
    return u8(value >>> 8).u8(value);
  }

  Payload u32(int value) {
    return u16(value >>> 16).u16(value);
  }

  Payload i64(long value) {
    return u32((int) (value >>> 32)).u32((int) value);
  }

  Payload bytes(byte[] value) {
    return u32(value.length).raw(value);
  }

  Payload text(String value) {
    return bytes(value.getBytes(StandardCharsets.UTF_8));
  }

  /** Bytes that have the form of the protocol already. */
  Payload raw(byte[] value) {
    out.writeBytes(value);
    return this;
  }

  byte[] end() {
    return out.toByteArray();
  }

  static byte[] readBytes(ByteBuffer from) {
    byte[] value = new byte[from.getInt()];
    from.get(value);
    return value;
  }

  static String readText(ByteBuffer from) {
    return new String(readBytes(from), StandardCharsets.UTF_8);
  }
}
