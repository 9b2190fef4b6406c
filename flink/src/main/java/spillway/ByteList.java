package spillway;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A list of byte arrays in the form that it has on the wire: how many, then each with its length. */
final class ByteList {
  private static final int COUNT_BYTES = 4;

  private final ByteArrayOutputStream items = new ByteArrayOutputStream();
  private int count;

  void add(byte[] item) {
    items.writeBytes(ByteBuffer.allocate(4).putInt(item.length).array());
    items.writeBytes(item);
    count++;
  }

  int count() {
    return count;
  }

  int bytes() {
    return COUNT_BYTES + items.size();
  }

  byte[] encode() {
    return ByteBuffer.allocate(bytes()).putInt(count).put(items.toByteArray()).array();
  }

  static byte[] of(Iterable<byte[]> all) {
    ByteList list = new ByteList();
    for (byte[] item : all) list.add(item);
    return list.encode();
  }

  static List<byte[]> decode(byte[] encoded) {
    ByteBuffer from = ByteBuffer.wrap(encoded);
    int count = from.getInt();
    List<byte[]> all = new ArrayList<>(count);
    for (int index = 0; index < count; index++) all.add(Payload.readBytes(from));
    return all;
  }
}
