import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from '@jest/globals'
import { ONE_STREAM, type Stream, sendLoad, withSlowPartition } from '../../../scripts/flink/send-load'

const EVENTS = 40
const schedule = { total: EVENTS, timeOf: (event: number) => event }

/** What was sent at once, of a time that is long past. */
async function sentBy(streams: readonly Stream[]) {
  const folder = await mkdtemp(join(tmpdir(), 'send-load-'))
  const to = new PassThrough()
  const keptFile = join(folder, 'kept.ndjson')
  const lineOf = (event: number) => `event ${event}`
  const [sent, records] = await Promise.all([
    sendLoad({ schedule, startMs: Date.now() - 1_000_000, lineOf, streams, to, keptFile }),
    text(to),
  ])
  const kept = (await readFile(keptFile, 'utf8')).trim().split('\n')
  return {
    sent,
    records: records.trim().split('\n'),
    kept: kept.flatMap((line) => (JSON.parse(line) as { lines: string[] }).lines),
  }
}

describe('the load of a run on Flink', () => {
  test('is sent once each, in order, and kept for the check', async () => {
    const { sent, records, kept } = await sentBy(ONE_STREAM)
    expect(sent).toBe(EVENTS)
    expect(records).toEqual(Array.from({ length: EVENTS }, (_, event) => `event ${event}`))
    expect(kept).toEqual(records)
  })

  test('goes to three keys with a slow partition: an eighth is slow, and no event is lost or in two of them', async () => {
    const { records, kept } = await sentBy(withSlowPartition(15_000))
    const keys = records.map((record) => record.split('\t')[0]!)
    expect(new Set(keys).size).toBe(3)
    expect(keys.filter((key) => key === keys[0])).toHaveLength(EVENTS / 8)
    expect(new Set(records.map((record) => record.split('\t')[1])).size).toBe(EVENTS)
    expect(new Set(kept).size).toBe(EVENTS)
  })

  test('holds the slow ones back longer and longer, so that they are late and never silent', () => {
    const [slow, ...others] = withSlowPartition(15_000)
    expect([0, 1_000, 20_000, 30_000].map((dueMs) => slow!.sentAtMs(dueMs))).toEqual([0, 2_000, 35_000, 45_000])
    expect(others.every(({ sentAtMs }) => sentAtMs(20_000) === 20_000)).toBe(true)
  })
})
