import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { ReadLine } from '../core/event'
import { type Rejection, readLine } from '../core/event'
import type { Pipeline } from '../core/pipeline'
import { RejectionList, type Rejections } from '../core/rejections'

/** Sizes taken from clients; see `config.ts` for the reasons. */
export interface BodyLimits {
  readonly bodyBytes: number
  readonly lineBytes: number
  /** Lines in a request; without one as many as fit. */
  readonly lines?: number
  readonly futureSkewMs: number
}

/** A body that cannot be read at all: nothing of it was accepted. */
export class UnreadableBody extends Error {
  readonly retryable = false
  constructor(
    readonly status: 400 | 413 | 415,
    readonly code: 'body_too_large' | 'too_many_lines' | 'invalid_gzip' | 'invalid_json' | 'unknown_encoding',
    message: string,
  ) {
    super(message)
  }
}

const unzip = promisify(gunzip)
const NEWLINE = 10

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

/**
 * Reads a body into lines that can be admitted and lines that cannot. NDJSON, a JSON array, or one object over several lines; `[` as the first
 * character means an array. Throws UnreadableBody when an array does not parse: it has no lines that could be told apart.
 */
export function readBody(
  pipeline: Pipeline,
  body: Buffer,
  limits: BodyLimits,
  nowMs: number,
): { readonly lines: ReadLine[]; readonly mayPass?: boolean } & Rejections {
  const lines: ReadLine[] = []
  const rejections = new RejectionList()
  const latestMs = nowMs + limits.futureSkewMs
  for (const [number, line] of linesOf(body, limits)) {
    if (number > (limits.lines ?? Number.POSITIVE_INFINITY)) throw tooManyLines(limits)
    const read = typeof line === 'string' ? readLine(pipeline, number, line, latestMs) : line
    if ('code' in read) rejections.add({ line: number, ...read })
    else lines.push(read)
  }
  return { lines, ...rejections.rejections, ...(rejections.mayPass && { mayPass: true }) }
}

function linesOf(body: Buffer, limits: BodyLimits): Iterable<readonly [number, string | Rejection]> {
  const first = body.find((byte) => byte > 32)
  if (first === 0x5b) return elements(body, limits)
  const whole = first === 0x7b && body.includes(NEWLINE) && isUtf8(body) ? oneObject(body) : undefined
  return whole === undefined ? ndjson(body, limits) : [[1, asLine(whole, limits)]]
}

/** The elements of a JSON array, each as one line. */
function* elements(body: Buffer, limits: BodyLimits): Iterable<readonly [number, string | Rejection]> {
  let number = 0
  for (const element of parseArray(body)) yield [++number, asLine(element, limits)]
}

function parseArray(body: Buffer): unknown[] {
  if (!isUtf8(body)) throw new UnreadableBody(400, 'invalid_json', 'the body is not UTF-8; nothing of it was accepted')
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new UnreadableBody(
      400,
      'invalid_json',
      'the body begins as a JSON array and is none; nothing of it was accepted',
    )
  }
}

/** A single pretty-printed object; undefined when the body is something else, such as several lines of JSON. */
function oneObject(body: Buffer): unknown {
  const firstLine = body.toString('utf8', 0, body.indexOf(NEWLINE))
  return parse(firstLine) === undefined ? parse(body.toString('utf8')) : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Lines of NDJSON with their numbers from 1; blank ones are passed over. */
function* ndjson(body: Buffer, limits: BodyLimits): Iterable<readonly [number, string | Rejection]> {
  const sound = isUtf8(body)
  let number = 0
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(NEWLINE, start)
    const end = newline < 0 ? body.length : newline
    const line = body.subarray(start, end)
    number += 1
    start = end + 1
    if (line.length > limits.lineBytes) yield [number, tooLong(line.length, limits)]
    else if (!sound && !isUtf8(line)) yield [number, { code: 'invalid_utf8', reason: 'the line is not UTF-8' }]
    else {
      const text = line.toString('utf8').trim()
      if (text !== '') yield [number, text]
    }
  }
}

/** A value as one line. What was parsed need not be writable: parsing knows no limit of nesting, writing does. */
function asLine(value: unknown, limits: BodyLimits): string | Rejection {
  try {
    const line = JSON.stringify(value)
    const bytes = Buffer.byteLength(line)
    return bytes > limits.lineBytes ? tooLong(bytes, limits) : line
  } catch {
    return { code: 'invalid_json', reason: 'the value is nested too deep' }
  }
}

const tooLong = (bytes: number, { lineBytes }: BodyLimits): Rejection => ({
  code: 'line_too_long',
  reason: `the line has ${bytes} bytes; at most ${lineBytes} are taken`,
})

const tooManyLines = ({ lines }: BodyLimits) =>
  new UnreadableBody(
    413,
    'too_many_lines',
    `the request has more than ${lines} lines; nothing of it was accepted, send less at a time`,
  )
