import type { FinalRecord } from '../../core/protocol/log-record'

const CHUNK_FINALS = 4096 // retention lets go of whole chunks: half a megabyte each
const NUMBERS = 9 // numbers of a final
const HASH_BYTES = 40 // the digest of its rows, and the sum of its accepted events
const DIGEST_BYTES = 32
const BYTES_PER_ROW = 64 // where a record of an older version does not say how large its file is

interface Chunk {
  readonly numbers: Float64Array
  readonly hashes: Buffer
  readonly versions: Uint16Array
}

/**
 * Final records in columns of plain numbers, some 120 bytes each and none of them an object: hundreds of thousands of
 * them cost the garbage collector nothing. Numbers are dense; the first ones may be let go.
 */
export class FinalColumns {
  private readonly chunks = new Map<number, Chunk>()
  private readonly versions: string[] = []
  private firstNumber = 0
  private nextNumber = 0
  /** Bytes of the result files of those that are kept. */
  bytes = 0

  /** The number of the first that is kept. */
  get first(): number {
    return this.firstNumber
  }

  /** The number of the next one. */
  get next(): number {
    return this.nextNumber
  }

  /** Says which number the first one has. Only while there is none. */
  begin(number: number): void {
    if (this.nextNumber > this.firstNumber) throw new Error(`there are finals already, the last ${this.nextNumber - 1}`)
    this.firstNumber = number
    this.nextNumber = number
  }

  push(final: FinalRecord): void {
    if (final.number !== this.nextNumber) throw new Error(`final ${final.number} follows ${this.nextNumber - 1}`)
    const [{ numbers, hashes, versions }, at] = this.room(final.number)
    const bytes = final.bytes ?? final.rows * BYTES_PER_ROW
    const { startMs, endMs, atMs, edge, burst, deadLettered, rows, accepted } = final
    numbers.set([startMs, endMs, atMs, accepted[0], edge, burst, deadLettered, rows, bytes], at * NUMBERS)
    hashes.write(final.digest, at * HASH_BYTES, 'hex')
    hashes.write(accepted[1], at * HASH_BYTES + DIGEST_BYTES, 'hex')
    versions[at] = this.version(final.version)
    this.nextNumber += 1
    this.bytes += bytes
  }

  /** Throws when it is none of those that are kept. */
  at(number: number): FinalRecord {
    const [{ numbers, hashes, versions }, at] = this.place(number)
    const [startMs, endMs, atMs, accepted, edge, burst, deadLettered, rows, bytes] = numbers.subarray(at * NUMBERS)
    const from = at * HASH_BYTES
    return {
      type: 'final',
      number,
      startMs: startMs!,
      endMs: endMs!,
      version: this.versions[versions[at]!]!,
      accepted: [accepted!, hashes.toString('hex', from + DIGEST_BYTES, from + HASH_BYTES)],
      edge: edge!,
      burst: burst!,
      deadLettered: deadLettered!,
      rows: rows!,
      digest: hashes.toString('hex', from, from + DIGEST_BYTES),
      atMs: atMs!,
      bytes: bytes!,
    }
  }

  startMs(number: number): number {
    return this.number(number, 0)
  }

  endMs(number: number): number {
    return this.number(number, 1)
  }

  /** When it became final. */
  atMs(number: number): number {
    return this.number(number, 2)
  }

  burst(number: number): number {
    return this.number(number, 5)
  }

  /** Of its result file. */
  fileBytes(number: number): number {
    return this.number(number, 8)
  }

  /** Lets go of those before `number`. */
  dropBefore(number: number): void {
    for (; this.firstNumber < Math.min(number, this.nextNumber); this.firstNumber++) {
      this.bytes -= this.fileBytes(this.firstNumber)
    }
    const kept = Math.floor(this.firstNumber / CHUNK_FINALS)
    for (const chunk of this.chunks.keys()) if (chunk < kept) this.chunks.delete(chunk)
  }

  private number(number: number, column: number): number {
    const [{ numbers }, at] = this.place(number)
    return numbers[at * NUMBERS + column]!
  }

  private place(number: number): [Chunk, number] {
    const chunk = this.chunks.get(Math.floor(number / CHUNK_FINALS))
    if (chunk === undefined || number < this.firstNumber || number >= this.nextNumber)
      throw new Error(`final ${number} is not kept`)
    return [chunk, number % CHUNK_FINALS]
  }

  private room(number: number): [Chunk, number] {
    const index = Math.floor(number / CHUNK_FINALS)
    const chunk = this.chunks.get(index) ?? {
      numbers: new Float64Array(CHUNK_FINALS * NUMBERS),
      hashes: Buffer.alloc(CHUNK_FINALS * HASH_BYTES),
      versions: new Uint16Array(CHUNK_FINALS),
    }
    this.chunks.set(index, chunk)
    return [chunk, number % CHUNK_FINALS]
  }

  private version(version: string): number {
    const known = this.versions.lastIndexOf(version)
    return known >= 0 ? known : this.versions.push(version) - 1
  }
}
