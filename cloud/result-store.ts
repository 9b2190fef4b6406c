import { createHash } from 'node:crypto'
import type { Row } from '../core/pipeline/pipeline'
import type { WindowResult } from '../core/protocol/merge'
import { CHUNK_ROOM_BYTES } from './chunks'
import type { Item, ItemStore } from './item-store'
import { chunkKey, HEAD, type Origin, resultPartition } from './keys'
import { pack, unpack } from './packing'

/** A merged result that waits to be adopted: everything of it but the rows. */
export interface Candidate {
  readonly attempt: string
  readonly version: string
  /** Digest of the accepted set that it was made from. */
  readonly acceptedDigest: string
  readonly chunks: number
  /** Digest of the rows, as the result file of the edge has it; version 0.1.0 wrote none. */
  readonly rowsDigest?: string
  readonly result: Omit<WindowResult, 'rows'>
}

/** Window results in a table of items: candidates until the edge has logged one as final. */
export class ResultStore {
  constructor(
    private readonly items: ItemStore,
    private readonly expiresAtS: () => number,
  ) {}

  /**
   * Writes the rows under the attempt, chunk by chunk as they come, then the head. False when another candidate stands.
   */
  async putCandidate(
    from: Origin,
    attempt: string,
    acceptedDigest: string,
    { rows, ...result }: Candidate['result'] & { readonly rows: Iterable<Row> },
  ): Promise<boolean> {
    const pk = resultPartition(from, result.endMs)
    const digest = new RowsDigest()
    let chunks = 0
    for (const run of chunkRows(rows)) {
      for (const row of run) digest.add(row)
      await this.items.putAll([this.item(pk, chunkKey(attempt, result.endMs, chunks), run)])
      chunks += 1
    }
    const { version } = from
    const candidate: Candidate = { attempt, version, acceptedDigest, chunks, rowsDigest: digest.end(), result }
    return this.items.putIfAbsent(this.item(pk, HEAD, candidate))
  }

  /** The candidate that stands for a window, without its rows. */
  async candidate(from: Origin, endMs: number): Promise<Candidate | null> {
    const [item] = await this.items.getAll([{ pk: resultPartition(from, endMs), sk: HEAD }])
    return item === undefined ? null : (unpack(item.body) as unknown as Candidate)
  }

  /** The rows of a candidate, or null when a chunk is missing. */
  async rows(from: Origin, endMs: number, { attempt, chunks }: Candidate): Promise<Row[] | null> {
    const pk = resultPartition(from, endMs)
    const keys = Array.from({ length: chunks }, (_, index) => ({ pk, sk: chunkKey(attempt, endMs, index) }))
    const rows: Row[] = []
    for (const item of await this.items.getAll(keys)) {
      if (item === undefined) return null
      rows.push(...(unpack(item.body) as unknown as Row[]))
    }
    return rows
  }

  /** Tells readers in the cloud that the candidate is final. */
  async markFinal(from: Origin, endMs: number): Promise<void> {
    await this.items.markFinal({ pk: resultPartition(from, endMs), sk: HEAD })
  }

  private item(pk: string, sk: string, content: unknown): Item {
    return { pk, sk, body: pack(content), expiresAtS: this.expiresAtS() }
  }
}

/** Digest of a window's rows: the same wherever it was merged. */
export function digestOfRows(rows: Iterable<Row>): string {
  const digest = new RowsDigest()
  for (const row of rows) digest.add(row)
  return digest.end()
}

/** As `digestOf` over the rows as JSON, one after the other. */
class RowsDigest {
  private readonly hash = createHash('sha256')
  private between = ''

  add(row: Row): void {
    this.hash.update(`${this.between}${JSON.stringify(row)}`)
    this.between = '\n'
  }

  end(): string {
    return this.hash.digest('hex')
  }
}

/** Rows that fit an item, run by run. */
function* chunkRows(rows: Iterable<Row>): Generator<Row[]> {
  let run: Row[] = []
  let room = CHUNK_ROOM_BYTES
  for (const row of rows) {
    const bytes = Buffer.byteLength(JSON.stringify(row)) + 1
    if (bytes > room && run.length > 0) {
      yield run
      run = []
      room = CHUNK_ROOM_BYTES
    }
    run.push(row)
    room -= bytes
  }
  if (run.length > 0) yield run
}
