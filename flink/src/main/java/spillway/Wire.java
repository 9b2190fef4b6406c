package spillway;
import java.io.*;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.*;

/**
 * Frames of the protocol between job and sidecar: length of the rest (4 bytes), id of the request (4 bytes), kind (1
 * byte), payload. Numbers are big endian; text and bytes have their length before them, lists their count. The other
 * side is flink/sidecar/frames.ts and payload.ts; both are held to the same recorded frames.
 */
final class Wire {
  static final int MAX_FRAME_BYTES = 64 * 1024 * 1024;
  private static final int HEAD_BYTES = 5;

  /** One message: a request, or the answer that carries its id. */
  record Frame(int id, int kind, ByteBuffer payload) {}

  /** Writes the fields of a payload, one after the other. */
  static final class Payload {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    Payload u8(int value) { return number(value, 1); }
    Payload u16(int value) { return number(value, 2); }
    Payload u32(int value) { return number(value, 4); }
    Payload i64(long value) { return number(value, 8); }
    Payload bytes(byte[] value) { return u32(value.length).raw(value); }
    Payload text(String value) { return bytes(value.getBytes(StandardCharsets.UTF_8)); }

    /** Bytes that have the form of the protocol already. */
    Payload raw(byte[] value) {
      out.writeBytes(value);
      return this;
    }
    int size() { return out.size(); }
    byte[] end() { return out.toByteArray(); }
    private Payload number(long value, int bytes) {
      for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.write((int) (value >>> shift));
      return this;
    }
  }

  static byte[] list(Iterable<byte[]> items) {
    List<byte[]> all = new ArrayList<>();
    items.forEach(all::add);
    Payload payload = new Payload().u32(all.size());
    all.forEach(payload::bytes);
    return payload.end();
  }
  static byte[] readBytes(ByteBuffer from) { return take(from, from.getInt()); }
  static byte[] rest(ByteBuffer from) { return take(from, from.remaining()); }
  static String readText(ByteBuffer from) { return new String(readBytes(from), StandardCharsets.UTF_8); }
  private static byte[] take(ByteBuffer from, int bytes) {
    byte[] taken = new byte[bytes];
    from.get(taken);
    return taken;
  }

  static ByteBuffer frame(int id, int kind, byte[] payload) {
    int bytes = checked(HEAD_BYTES + payload.length);
    return ByteBuffer.allocate(Integer.BYTES + bytes).putInt(bytes).putInt(id).put((byte) kind).put(payload).flip();
  }

  /** Reads one frame, however the bytes come. Throws EOFException when the channel ends. */
  static Frame read(ReadableByteChannel channel) throws IOException {
    int bytes = checked(fill(channel, ByteBuffer.allocate(Integer.BYTES)).getInt());
    ByteBuffer frame = fill(channel, ByteBuffer.allocate(bytes));
    return new Frame(frame.getInt(), frame.get(), frame.slice());
  }

  private static ByteBuffer fill(ReadableByteChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) throw new EOFException("the sidecar closed the connection");
    }
    return buffer.flip();
  }

  private static int checked(int bytes) {
    if (bytes >= HEAD_BYTES && bytes <= MAX_FRAME_BYTES) return bytes;
    throw new IllegalArgumentException("a frame of " + bytes + " bytes; frames have 5 to " + MAX_FRAME_BYTES);
  }
}
