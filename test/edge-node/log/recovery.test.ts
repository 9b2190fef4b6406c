import { cp } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { digestOf } from '../../../cloud/packing'
import { count } from '../../../core/aggregates/count'
import { readLine } from '../../../core/pipeline/event'
import { type Pipeline, pipeline } from '../../../core/pipeline/pipeline'
import { tumbling } from '../../../core/pipeline/window'
import type { Envelope } from '../../../core/protocol/envelope'
import { Intake } from '../../../core/protocol/intake'
import type { FinalRecord, LogRecord } from '../../../core/protocol/log-record'
import { CannotRecover } from '../../../edge-node/disk/disk'
import { Recovery } from '../../../edge-node/log/recovery'
import { Unread } from '../../../edge-node/log/unread'
import { countByK } from '../../support/envelopes'
import { eventually } from '../../support/eventually'
import { event, testNodes } from '../../support/fixture'
import { KEY_RULES } from '../../support/history'
import { recovered } from './log-records'

const LIMITS = { rememberKeysMs: 3_600_000, answerBytes: 1_000_000, openPanes: 100, idleTimeoutMs: 1_000 }
const NOW_MS = 77
const WITHOUT_LIMIT = { intake: LIMITS, heldBytes: Number.POSITIVE_INFINITY }

const specOf = (sizeMs: number, name = 'test') =>
  pipeline({
    name,
    key: 'k',
    timestamp: { field: 't', unit: 'ms' },
    window: tumbling(sizeMs),
    outOfOrderness: 0,
    aggregates: { n: count() },
  })
const spec = specOf(10)

const boot = (epoch: number, version = 'v1'): LogRecord => ({
  type: 'boot',
  incarnation: 'test-incarnation',
  epoch,
  version,
  atMs: 0,
})

function finalOf(number: number, endMs: number, accepted: number): FinalRecord {
  const counts = { accepted: [accepted, '0'.repeat(16)] as const, edge: accepted, burst: 0, deadLettered: 0, rows: 1 }
  return { type: 'final', number, startMs: endMs - 10, endMs, version: 'v1', ...counts, digest: 'd', atMs: 0 }
}

/** Writes a log as a node would: each call gives the records that it logs. */
function writer(epoch = 1, version = 'v1') {
  const intake = new Intake(spec, { incarnation: 'test-incarnation', version }, LIMITS, digestOf, KEY_RULES)
  const records: LogRecord[] = [boot(epoch, version)]
  return {
    records,
    request: (key: string | null, ...timestamps: number[]) => {
      const lines = timestamps.map((t, index) => readLine(spec, index + 1, `{"k":"a","t":${t}}`, 1_000_000))
      records.push(intake.admit({ key, lines: lines.filter((line) => 'line' in line), rejected: [] })!)
    },
    cut: () => records.push(intake.cut(1_000)!.record),
    close: (horizonMs: number) => records.push(intake.close(horizonMs)),
    final: (number: number, endMs: number, accepted: number) => records.push(finalOf(number, endMs, accepted)),
  }
}

const recoverAs = (records: readonly LogRecord[], version = 'v1', as: Pipeline = spec) =>
  recovered({ pipeline: as, version, limits: WITHOUT_LIMIT, checkpoint: null }, records, NOW_MS)

describe('an empty log', () => {
  test('gets an incarnation of its own and the first boot epoch', () => {
    const { boot: first, finals, ledger, intake } = recoverAs([])
    expect(first).toEqual({ type: 'boot', incarnation: expect.any(String), epoch: 1, version: 'v1', atMs: NOW_MS })
    expect([finals, ledger.queued(), intake.nextOffset]).toEqual([[], [], 0])
    expect(recoverAs([]).boot.incarnation).not.toBe(first.incarnation)
  })
})

describe('the log of a node that was killed', () => {
  const log = writer(4)
  log.request('first', 1, 12)
  log.cut()
  log.request('second', 3, 25)
  log.cut()
  log.close(10)
  log.final(0, 10, 2)
  log.request(null, 26)
  const recovered = recoverAs(log.records)

  test('keeps its incarnation and counts the boot', () => {
    expect(recovered.boot).toMatchObject({ incarnation: 'test-incarnation', epoch: 5 })
  })

  test('gives its finals, and as queued the envelopes that touch any other window', () => {
    expect(recovered.finals).toEqual([finalOf(0, 10, 2)])
    expect(recovered.ledger.queued().map(({ number }) => number)).toEqual([0, 1])
    expect(recovered.ledger.phaseOf(10)).toBeUndefined()
    expect(recovered.ledger.phaseOf(20)).toBe('open')
  })

  test('gives the events that were not cut, the offsets, horizon, watermark and answers', () => {
    const { intake } = recovered
    expect(intake.open.events).toBe(1)
    expect([intake.nextOffset, intake.horizonMs, intake.watermarkMs(NOW_MS)]).toEqual([5, 10, 26])
    expect(intake.answered('second')).toEqual({ accepted: 2, late: 0, partlyLate: 0, horizon: null, rejected: [] })
    expect(intake.cut(1_000)?.cut.envelope).toMatchObject({ number: 2, firstOffset: 4, lines: ['{"k":"a","t":26}'] })
  })

  test('a window that was closing is closing again, and complete once its envelopes are counted', () => {
    const { ledger } = recoverAs(log.records.filter(({ type }) => type !== 'final'))
    expect(ledger.phaseOf(10)).toBe('closing')
    expect(ledger.takeComplete()).toEqual([])
    for (const { number } of ledger.queued()) ledger.countEdge(number)
    expect(ledger.takeComplete().map(({ endMs, accepted }) => [endMs, accepted[0]])).toEqual([[10, 2]])
  })

  test('any part of it from the beginning recovers too: a crash may come after each record', () => {
    for (let length = 1; length <= log.records.length; length++) {
      const part = recoverAs(log.records.slice(0, length))
      const events = part.ledger.queued().reduce((sum, { count: each }) => sum + each, part.intake.open.events)
      expect([length, events]).toEqual([length, part.intake.nextOffset]) // each envelope touches a window that is not final
    }
  })
})

describe('another version of the pipeline', () => {
  const open = writer()
  open.request(null, 1)
  open.cut()
  const finished = writer()
  finished.request(null, 1)
  finished.cut()
  finished.close(10)
  finished.final(0, 10, 1)

  test('is refused while windows of the old one are not final, with what to do', () => {
    expect(() => recoverAs(open.records, 'v2')).toThrow(CannotRecover)
    expect(() => recoverAs(open.records, 'v2')).toThrow(
      /windows of pipeline version v1 that are not final, and this is version v2; start the old version again/,
    )
  })

  test('is refused while accepted events are not cut', () => {
    expect(() => recoverAs(open.records.slice(0, -1), 'v2')).toThrow(CannotRecover)
  })

  test('goes on once they are final, and stands in the boot record and in the envelopes', () => {
    const { boot: next, finals, intake } = recoverAs(finished.records, 'v2')
    expect(next).toMatchObject({ version: 'v2', epoch: 2, incarnation: 'test-incarnation' })
    expect(finals.map(({ version }) => version)).toEqual(['v1'])
    intake.admit({
      key: null,
      lines: [{ number: 1, line: '{"k":"a","t":30}', timestampMs: 30, found: null }],
      rejected: [],
    })!
    expect(intake.cut(1_000)?.record.header).toMatchObject({ version: 'v2', number: 1 })
  })

  test('with other windows is refused with what to do, though all are final', () => {
    expect(() => recoverAs(finished.records, 'v2', specOf(15))).toThrow(CannotRecover)
    expect(() => recoverAs(finished.records, 'v2', specOf(15))).toThrow(/cuts time otherwise than version v1/)
  })
})

test('the log of another pipeline is refused, though the version is the same', () => {
  const log = writer()
  log.request(null, 1)
  log.cut()
  expect(() => recoverAs(log.records, 'v1', specOf(10, 'other'))).toThrow(CannotRecover)
  expect(() => recoverAs(log.records, 'v1', specOf(10, 'other'))).toThrow(
    /the log is of pipeline test, and this is other/,
  )
})

test('a log that contradicts itself is a bug', () => {
  const log = writer()
  log.request(null, 1)
  log.request(null, 2)
  expect(() => recoverAs(log.records.toSpliced(1, 1))).toThrow('the log has a gap at offset 0')
})

describe('envelopes that are still in the log', () => {
  const { start, newFolder } = testNodes()
  const LIMITS = { rememberKeysMs: 3_600_000, answerBytes: 1_000_000, openPanes: 100, idleTimeoutMs: 1_000 }
  const spec = countByK()
  const LINE = '{"k":"a","t":1}'
  const LINE_BYTES = LINE.length + 1
  const ENVELOPES = 10

  /** The log of a node that was killed with ten envelopes of a line each, none of them counted. */
  function logged(): LogRecord[] {
    const intake = new Intake(spec, { incarnation: 'i', version: 'v1' }, LIMITS, digestOf, KEY_RULES)
    const records: LogRecord[] = [{ type: 'boot', incarnation: 'i', epoch: 1, version: 'v1', atMs: 0 }]
    for (let number = 0; number < ENVELOPES; number++) {
      records.push(
        intake.admit({ key: null, lines: [{ number: 1, line: LINE, timestampMs: 1, found: null }], rejected: [] })!,
      )
      records.push(intake.cut(1_000)!.record)
    }
    return records
  }

  /** The ledger that a start makes of it. */
  function ledgerWithin(heldBytes: number) {
    const recovery = new Recovery({
      pipeline: spec,
      version: 'v1',
      limits: { intake: LIMITS, heldBytes },
      checkpoint: null,
    })
    for (const record of logged()) recovery.take(record)
    return recovery.end(0).ledger
  }

  describe('a start keeps lines within the limit of the backlog', () => {
    test('those of the oldest envelopes; the others stay in the log', () => {
      const ledger = ledgerWithin(3 * LINE_BYTES)
      expect(ledger.queued().map(({ number }) => number)).toEqual([0, 1, 2])
      expect(ledger.unattached().map(({ number }) => number)).toEqual([3, 4, 5, 6, 7, 8, 9])
      expect(ledger.queuedBytes).toBe(3 * LINE_BYTES)
    })

    test('and reads the others in order as the first are done with, never more at once, one at least', async () => {
      for (const limitBytes of [1, 2 * LINE_BYTES, 5 * LINE_BYTES]) {
        const ledger = ledgerWithin(limitBytes)
        const folded: number[] = []
        const queue: Envelope[] = ledger.queued()
        let mostBytes = ledger.queuedBytes
        const readLines = async (_offset: number, events: number) => Array<string>(events).fill(LINE)
        const onRead = (envelope: Envelope) => {
          mostBytes = Math.max(mostBytes, ledger.queuedBytes)
          queue.push(envelope)
        }
        const unread = new Unread({ ledger, log: { readLines }, maxBytes: limitBytes, onRead, onRecalledRead: onRead })
        unread.add(ledger.unattached())
        expect(queue.length + unread.backlog.events).toBe(ENVELOPES)
        for (await unread.readOn(); queue.length > 0; await unread.readOn()) {
          const { number, lines } = queue.shift()!
          expect(lines).toEqual([LINE])
          ledger.countEdge(number)
          folded.push(number)
        }
        expect(folded).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        expect(mostBytes).toBeLessThanOrEqual(Math.max(limitBytes, LINE_BYTES))
        expect(unread.backlog).toEqual({ events: 0, bytes: 0 })
      }
    })
  })

  test('a node that finds a larger backlog than it may have refuses until it is worked off, and loses nothing of it', async () => {
    const first = await start({ config: { mode: 'never', workers: 1 } })
    const batch = Array.from({ length: 100 }, (_, index) => event(`k${index % 10}`, index / 100))
    for (let number = 0; number < 20; number++) await first.post(batch.join('\n'))
    const folder = await newFolder()
    await cp(first.folder, folder, { recursive: true })
    const second = await start({ folder, config: { mode: 'never', maxBacklogBytes: 2_000, maxEnvelopeBytes: 1_024 } })
    expect((await second.post(event('a', 2))).statusCode).toBe(429)
    await eventually(async () => expect((await second.post(event('closer', 13))).statusCode).toBe(202))
    const [window] = await second.windows(1)
    expect(window).toMatchObject({ accepted: 2_000, edge: 2_000 })
  })
})
