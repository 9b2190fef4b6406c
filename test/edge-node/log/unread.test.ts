import { cp } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { digestOf } from '../../../cloud/packing'
import type { Envelope } from '../../../core/protocol/envelope'
import { Intake } from '../../../core/protocol/intake'
import type { LogRecord } from '../../../core/protocol/log-record'
import { Recovery } from '../../../edge-node/log/recovery'
import { Unread } from '../../../edge-node/log/unread'
import { countByK } from '../../support/envelopes'
import { eventually } from '../../support/eventually'
import { event, testNodes } from '../../support/fixture'
import { KEY_RULES } from '../../support/history'

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
    records.push(intake.admit({ key: null, lines: [{ number: 1, line: LINE, timestampMs: 1 }], rejected: [] })!)
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
