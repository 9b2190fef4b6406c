/** Writes the fields of a payload one after the other; numbers are big endian, text and bytes have their length before. */
export class PayloadWriter {
  private readonly parts: Buffer[] = []

  u8(value: number): this {
    return this.number(1, (buffer) => buffer.writeUInt8(value))
  }

  u16(value: number): this {
    return this.number(2, (buffer) => buffer.writeUInt16BE(value))
  }

  u32(value: number): this {
    return this.number(4, (buffer) => buffer.writeUInt32BE(value))
  }

  /** A whole number that JavaScript can hold, in 8 bytes. */
  i64(value: number): this {
    return this.number(8, (buffer) => buffer.writeBigInt64BE(BigInt(value)))
  }

  bytes(value: Uint8Array): this {
    this.u32(value.length)
    this.parts.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
    return this
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value))
  }

  end(): Buffer {
    return Buffer.concat(this.parts)
  }

  private number(bytes: number, write: (buffer: Buffer) => void): this {
    const buffer = Buffer.allocUnsafe(bytes)
    write(buffer)
    this.parts.push(buffer)
    return this
  }
}

/** Reads them back in the same order. Throws a RangeError when the payload is too short. */
export class PayloadReader {
  private at = 0
  private readonly payload: Buffer

  constructor(payload: Uint8Array) {
    this.payload = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  }

  u8(): number {
    return this.payload.readUInt8(this.moved(1))
  }

  u16(): number {
    return this.payload.readUInt16BE(this.moved(2))
  }

  u32(): number {
    return this.payload.readUInt32BE(this.moved(4))
  }

  i64(): number {
    return Number(this.payload.readBigInt64BE(this.moved(8)))
  }

  bytes(): Buffer {
    const length = this.u32()
    if (length > this.payload.length - this.at) throw new RangeError(`a field of ${length} bytes is cut off`)
    const start = this.moved(length)
    return this.payload.subarray(start, this.at)
  }

  text(): string {
    return this.bytes().toString('utf8')
  }

  /** So many things, each read by `read`. */
  list<Item>(count: number, read: (payload: this) => Item): Item[] {
    const items: Item[] = []
    for (let index = 0; index < count; index++) items.push(read(this))
    return items
  }

  private moved(bytes: number): number {
    const { at } = this
    this.at += bytes
    return at
  }
}
