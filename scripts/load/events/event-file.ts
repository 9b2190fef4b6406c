import { createReadStream } from 'node:fs'
import { access, constants } from 'node:fs/promises'
import { extname } from 'node:path'
import { createInterface } from 'node:readline'
import { parse } from 'csv-parse'
import { LoadError } from '../load-error'

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

/**
 * The events of a file as JSON lines, one at a time: CSV with a header row when its name ends in `.csv`, else NDJSON
 * (blank lines skipped, nothing else checked: refusing is the server's part). Throws `LoadError` ('bad-event-file').
 */
export async function* eventFileLines(file: string): AsyncGenerator<string, void> {
  try {
    await access(file, constants.R_OK)
    yield* extname(file).toLowerCase() === '.csv' ? csvLines(file) : ndjsonLines(file)
  } catch (cause) {
    const expected = cause as { readonly code?: unknown; readonly message?: string }
    if (typeof expected.code !== 'string') throw cause
    throw new LoadError('bad-event-file', `The event file ${file} cannot be read: ${expected.message}.`, { cause })
  }
}

/**
 * A cell as a JSON value: numbers where they look like one. An integer that a double cannot hold, or `007`, stays text.
 */
export function cellValue(cell: string): string | number {
  if (!NUMBER.test(cell)) return cell
  const value = Number(cell)
  const exact = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)
  return exact ? value : cell
}

async function* ndjsonLines(file: string): AsyncGenerator<string, void> {
  const input = createReadStream(file)
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() !== '') yield line
    }
  } finally {
    input.destroy()
  }
}

async function* csvLines(file: string): AsyncGenerator<string, void> {
  const input = createReadStream(file)
  const rows = parse({
    columns: true,
    bom: true,
    skip_empty_lines: true,
    cast: (cell, { header }) => (header ? cell : cellValue(cell)),
  })
  input.on('error', (error) => rows.destroy(error))
  try {
    for await (const row of input.pipe(rows)) yield JSON.stringify(row)
  } finally {
    input.destroy()
  }
}
