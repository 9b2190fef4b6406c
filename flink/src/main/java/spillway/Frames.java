package spillway;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/**
 * Frames of the protocol between job and sidecar: length of the rest (4 bytes), id of the request (4 bytes), kind (1
 * byte), payload. The other side is sidecar/frames.ts; both are held to the same recorded frames.
 */
final class Frames {
  static final int MAX_FRAME_BYTES = 64 * 1024 * 1024;
  private static final int LENGTH_BYTES = 4;
  private static final int HEAD_BYTES = 5;

  /** One message: a request, or the answer that carries its id. */
  record Frame(int id, int kind, ByteBuffer payload) {}

  private Frames() {}

  static ByteBuffer encode(int id, int kind, byte[] payload) throws IOException {
    int bytes = HEAD_BYTES + payload.length;
    if (bytes > MAX_FRAME_BYTES) throw outOfBounds(bytes);
    return ByteBuffer.allocate(LENGTH_BYTES + bytes).putInt(bytes).putInt(id).put((byte) kind).put(payload).flip();
  }

  /** Reads one frame, however the bytes come. Throws EOFException when the channel ends. */
  static Frame read(ReadableByteChannel channel) throws IOException {
    int bytes = fill(channel, ByteBuffer.allocate(LENGTH_BYTES)).getInt();
    if (bytes < HEAD_BYTES || bytes > MAX_FRAME_BYTES) throw outOfBounds(bytes);
    ByteBuffer frame = fill(channel, ByteBuffer.allocate(bytes));
    return new Frame(frame.getInt(), frame.get(), frame.slice());
  }

  private static ByteBuffer fill(ReadableByteChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) throw new EOFException("the sidecar closed the connection");
    }
    return buffer.flip();
  }

  private static IOException outOfBounds(int bytes) {
    return new IOException(
        "a frame of " + Integer.toUnsignedString(bytes) + " bytes; frames have " + HEAD_BYTES + " to " + MAX_FRAME_BYTES);
  }
}
