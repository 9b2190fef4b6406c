import { crc32 } from 'node:zlib'
import type { FinalRecord } from '../../core/protocol/log-record'
import { CannotRecover } from '../disk/disk'

/** What retention took away: the finals before a number, none of which ends after a time. */
export interface Taken {
  readonly before: number
  readonly toMs: number | null
}

/**
 * A line of the files of finals. The first of a file is `begin`: the number of its first final, and what had been taken
 * away by then.
 */
export type FinalLine =
  | ({ readonly type: 'begin'; readonly number: number } & Taken)
  | FinalRecord
  | ({ readonly type: 'taken' } & Taken)

const CHECKSUM_DIGITS = 8
const NEWLINE = 10

/** CRC-32 of the JSON in hex, a space, the JSON, a newline. */
export function encodeFinalLine(line: FinalLine): string {
  const json = JSON.stringify(line)
  return `${checksum(Buffer.from(json))} ${json}\n`
}

export interface DecodedFinalLines {
  readonly lines: readonly FinalLine[]
  /** How far the lines are sound. */
  readonly soundBytes: number
  /**
   * Whether there is a sound line after the first unsound one: then that is damage, and no write that a crash cut
   * short.
   */
  readonly isSoundAfter: boolean
}

/** Reads the lines of a file up to the first that is not as it was written. */
export function decodeFinalLines(bytes: Buffer): DecodedFinalLines {
  const lines: FinalLine[] = []
  let at = 0
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
    const line = lineOf(bytes.subarray(at, end))
    if (line === null) break
    lines.push(line)
    at = end + 1
  }
  return { lines, soundBytes: at, isSoundAfter: hasSoundLine(bytes.subarray(at)) }
}

/**
 * The first line may have lost its newline and run into the next. So every newline is tried as the end of a sound line.
 */
function hasSoundLine(bytes: Buffer): boolean {
  for (let start = 0, end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    if (lineOf(bytes.subarray(start, end)) !== null) return true
    start = end + 1
  }
  return false
}

function lineOf(bytes: Buffer): FinalLine | null {
  const json = bytes.subarray(CHECKSUM_DIGITS + 1)
  if (bytes.toString('latin1', 0, CHECKSUM_DIGITS + 1) !== `${checksum(json)} `) return null
  return JSON.parse(json.toString('utf8'))
}

const checksum = (bytes: Buffer): string => crc32(bytes).toString(16).padStart(CHECKSUM_DIGITS, '0')

/** What the files of finals say. */
export interface KeptFinals {
  /** The number of the next one. */
  readonly count: number
  /** Where they end, in words. */
  readonly end: string
}

/**
 * The finals that the log has and the files have not, in order. The files, the checkpoint (which counts `counted`) and
 * the log after it (`replayed`) have to fit together without a gap; throws CannotRecover when they do not.
 */
export function finalsToAdd(files: KeptFinals, counted: number, replayed: readonly FinalRecord[]): FinalRecord[] {
  if (files.count < counted)
    throw new CannotRecover(
      `the checkpoint counts ${counted} final windows and the files of finals have ${files.count} (${files.end}): records are lost; restore the folder from a backup`,
    )
  replayed.forEach(({ number }, index) => {
    if (number !== counted + index)
      throw new CannotRecover(
        `the log has final ${number} where ${counted + index} belongs: the checkpoint, which counts ${counted}, and the log do not fit together; restore the folder from a backup`,
      )
  })
  return replayed.filter(({ number }) => number >= files.count)
}
