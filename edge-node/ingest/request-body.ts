import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { type ReadLine, type Rejection, readLine } from '../../core/pipeline/event'
import { LineScanner } from '../../core/pipeline/line-scanner'
import type { Pipeline } from '../../core/pipeline/pipeline'
import { RejectionList, type Rejections } from '../../core/protocol/rejections'

import { linesOf, UnreadableBody } from './body-lines'

/** Sizes taken from clients; see `config.ts` for the reasons. */
export interface BodyLimits {
  readonly bodyBytes: number
  readonly lineBytes: number
  /** Lines in a request; without one as many as fit. */
  readonly lines?: number
  readonly futureSkewMs: number
}

const unzip = promisify(gunzip)

/** Undoes the content encoding. Rejects with UnreadableBody, 413 when it unpacks to more than the limit. */
export async function decodeBody(body: Buffer, encoding: string | undefined, limits: BodyLimits): Promise<Buffer> {
  const name = (encoding ?? '').trim().toLowerCase()
  if (name === '' || name === 'identity') return body
  if (name !== 'gzip' && name !== 'x-gzip')
    // RFC 9110, 8.4.1.3: the same
    throw new UnreadableBody(415, 'unknown_encoding', `content-encoding ${encoding} is not taken; use gzip or none`)
  try {
    return await unzip(body, { maxOutputLength: limits.bodyBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new UnreadableBody(
        413,
        'body_too_large',
        `the body unpacks to more than ${limits.bodyBytes} bytes; send less at a time`,
      )
    }
    throw new UnreadableBody(400, 'invalid_gzip', 'the body is no sound gzip stream; send it again')
  }
}

/** Which body it is: SHA-256 in hex, of what was packed. */
export const digestOfBody = (body: Buffer): string => createHash('sha256').update(body).digest('hex')

/** What a body holds: lines that can be admitted, and those that cannot. */
export type ReadBody = { readonly lines: ReadLine[]; readonly mayPass?: boolean } & Rejections

/** Bytes that are read before others have their turn: a few milliseconds. A line counts for some more than it has. */
const SLICE_BYTES = 256 * 1024
const LINE_COST_BYTES = 200

/**
 * Reads a body in slices, so that other requests are answered while a long one is read. Rejects with UnreadableBody.
 */
export async function readBodyInSlices(
  pipeline: Pipeline,
  body: Buffer,
  limits: BodyLimits,
  nowMs: number,
): Promise<ReadBody> {
  const slices = reading(pipeline, body, limits, nowMs)
  for (;;) {
    const slice = slices.next()
    if (slice.done === true) return slice.value
    await nextTurn()
  }
}

/** The same at once. Throws UnreadableBody. */
export function readBody(pipeline: Pipeline, body: Buffer, limits: BodyLimits, nowMs: number): ReadBody {
  const slices = reading(pipeline, body, limits, nowMs)
  for (;;) {
    const slice = slices.next()
    if (slice.done === true) return slice.value
  }
}

const scanners = new WeakMap<Pipeline, LineScanner | null>()

const asciiText = (bytes: Uint8Array, start: number, end: number) => (bytes as Buffer).toString('latin1', start, end)

/** One scanner a pipeline, since it knows the keys that it has met. A line is scanned in one go, so all may share it. */
function scannerOf(pipeline: Pipeline): LineScanner | null {
  let scanner = scanners.get(pipeline)
  if (scanner === undefined) {
    scanner = LineScanner.of(pipeline, asciiText)
    scanners.set(pipeline, scanner)
  }
  return scanner
}

/** Yields after each slice. A body of which no line is JSON is none of the forms that are taken, and unreadable. */
function* reading(
  pipeline: Pipeline,
  body: Buffer,
  limits: BodyLimits,
  nowMs: number,
): Generator<undefined, ReadBody, undefined> {
  const lines: ReadLine[] = []
  const rejections = new RejectionList()
  const latestMs = nowMs + limits.futureSkewMs
  const scanner = scannerOf(pipeline)
  const { form, steps } = linesOf(body, limits.lineBytes, scanner && { scanner, latestMs })
  let isJson = form !== 'ndjson'
  let garbage: Rejection | undefined
  let cost = 0
  for (const { number, line, bytes, read: scanned } of steps) {
    if (number > (limits.lines ?? Number.POSITIVE_INFINITY)) throw tooManyLines(limits)
    cost += bytes + LINE_COST_BYTES
    if (scanned !== null) {
      lines.push(scanned)
      isJson = true
    } else if (line !== null) {
      const read = typeof line === 'string' ? readLine(pipeline, number, line, latestMs) : line
      if ('code' in read) rejections.add({ line: number, ...read })
      else lines.push(read)
      if ('code' in read && (read.code === 'invalid_json' || read.code === 'invalid_utf8')) garbage ??= read
      else isJson = true
    }
    if (cost < SLICE_BYTES) continue
    cost = 0
    yield
  }
  if (garbage !== undefined && !isJson) throw notEvents(garbage)
  return { lines, ...rejections.rejections, ...(rejections.mayPass && { mayPass: true }) }
}

const notEvents = ({ reason }: Rejection) =>
  new UnreadableBody(
    400,
    'invalid_json',
    `the body is neither lines of JSON, nor a JSON array, nor an object (${reason}); nothing of it was accepted`,
  )

const tooManyLines = ({ lines }: BodyLimits) =>
  new UnreadableBody(
    413,
    'too_many_lines',
    `the request has more than ${lines} lines; nothing of it was accepted, send less at a time`,
  )
