import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { sampleLines } from '../../../scripts/load/events/sample'
import { temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()
const NOW_MS = Date.UTC(2026, 0, 1, 12)

async function sampleOf(...lines: string[]): Promise<string> {
  const file = join(await newFolder(), 'sample.ndjson')
  await writeFile(file, `${lines.join('\n')}\n`)
  return file
}

describe('events after a sample', () => {
  test('are its lines, one after the other and again from the start, at the time of their sending', async () => {
    const line = sampleLines(await sampleOf('{"at":1700000000000,"n":1}', '{"n":2,"at":1700000000001}'), 'at')
    const sent = [0, 1, 2].map((n) => JSON.parse(line(n, NOW_MS + n)))
    expect(sent).toEqual([
      { at: NOW_MS, n: 1 },
      { at: NOW_MS + 1, n: 2 },
      { at: NOW_MS + 2, n: 1 },
    ])
  })

  test.each([
    ['seconds', 1_700_000_000, NOW_MS / 1e3],
    ['milliseconds', 1_700_000_000_000, NOW_MS],
    ['microseconds', 1_700_000_000_000_000, NOW_MS * 1e3],
    ['nanoseconds', 1_700_000_000_000_000_000, NOW_MS * 1e6],
    ['text', '2023-11-14T22:13:20Z', '2026-01-01T12:00:00.000Z'],
  ])('have their time in the form of the sample: %s', async (_, example, expected) => {
    const line = sampleLines(await sampleOf(JSON.stringify({ at: example })), 'at')
    expect(JSON.parse(line(0, NOW_MS))).toEqual({ at: expected })
  })

  test.each([
    ['a line that is no JSON', ['{"at":1}', '{'], /sample\.ndjson:2 is not JSON/],
    ['an event without the time', ['{"at":1}', '{"ts":1}'], /sample\.ndjson:2 has no field "at" .* --time-field/],
    ['a list', ['[]'], /sample\.ndjson:1 has no field "at"/],
  ])('are none for %s: it is named', async (_, lines, message) => {
    const file = await sampleOf(...lines)
    expect(() => sampleLines(file, 'at')).toThrow(message)
  })

  test('are none for a file that is not there', () => {
    expect(() => sampleLines('nowhere.ndjson', 'at')).toThrow(/The sample nowhere\.ndjson cannot be read/)
  })
})
