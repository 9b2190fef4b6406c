import { describe, expect, jest, test } from '@jest/globals'
import { pino } from 'pino'
import { MemoryItemStore } from '../../../cloud/memory-item-store'
import { PartialStore } from '../../../cloud/partial-store'
import type { Head } from '../../../core/protocol/protocol'
import { HeadWatcher, type InFlight, judge } from '../../../edge-node/burst/head-watcher'
import { ORIGIN } from '../../support/envelopes'
import { Gate } from '../../support/eventually'
import { ManualClock } from '../../support/manual-clock'

const work = { requestId: 'r', ms: 1, memoryMb: 128, writeUnits: 1 }
const done = (digest: string): Head => ({ kind: 'done', digest, attempt: 'a', panes: [], deadLetters: [], work })
const refused = (digest: string): Head => ({ kind: 'refused', digest, code: 'corrupt', reason: 'the digest differs' })

describe('what a head means', () => {
  const envelope: InFlight = { number: 3, digest: 'd3', reclaimAtMs: 1_000 }

  test.each<[string, Head | undefined, number, object]>([
    ['no head before the deadline: wait', undefined, 999, { kind: 'wait' }],
    [
      'no head at the deadline: reclaim',
      undefined,
      1_000,
      { kind: 'reclaim', reason: expect.stringContaining('in time'), cause: 'silent' },
    ],
    ['done: count', done('d3'), 0, { kind: 'count', head: done('d3') }],
    ['done after the deadline, not reclaimed yet: count', done('d3'), 9_999, { kind: 'count', head: done('d3') }],
    [
      'done with another content: reclaim',
      done('d4'),
      0,
      { kind: 'reclaim', reason: expect.stringContaining('another'), cause: 'other' },
    ],
    [
      'refused: reclaim at once',
      refused('d3'),
      0,
      { kind: 'reclaim', reason: 'corrupt: the digest differs', cause: 'other' },
    ],
    [
      'refused since it would have ended the function: reclaim at once, and with care',
      { kind: 'refused', digest: 'd3', code: 'map_killed', reason: 'x' } as const,
      0,
      { kind: 'reclaim', reason: 'map_killed: x', cause: 'killed' },
    ],
    [
      'refused with another content: reclaim',
      refused('d4'),
      0,
      { kind: 'reclaim', reason: expect.any(String), cause: 'other' },
    ],
  ])('%s', (_, head, nowMs, verdict) => {
    expect(judge(envelope, head, nowMs)).toEqual(verdict)
  })
})

/** A watcher over envelopes in flight; verdicts take an envelope off them, as the ledger does. */
function watching(numbers: readonly number[], items = new MemoryItemStore()) {
  const clock = new ManualClock()
  const store = new PartialStore(items, () => 0)
  const inFlight = new Map(numbers.map((number) => [number, { number, digest: `d${number}`, reclaimAtMs: 1_000 }]))
  const verdicts: [number, string][] = []
  const options = {
    store,
    from: ORIGIN,
    pollMs: 100,
    inFlight: () => [...inFlight.values()],
    onVerdict: ({ number }: InFlight, { kind }: { kind: string }) => {
      verdicts.push([number, kind])
      inFlight.delete(number)
    },
    logger: pino({ level: 'silent' }),
  }
  const watcher = new HeadWatcher(options, clock)
  return { clock, store, verdicts, watcher, items }
}

describe('watching', () => {
  test('tells of each envelope once, as its head appears', async () => {
    const { clock, store, verdicts, watcher } = watching([0, 1])
    watcher.start()
    await clock.pass(500)
    expect(verdicts).toEqual([])
    await store.refuse(ORIGIN, 1, { kind: 'refused', digest: 'd1', code: 'corrupt', reason: 'x' })
    await clock.pass(100)
    expect(verdicts).toEqual([[1, 'reclaim']])
    await clock.pass(400)
    expect(verdicts).toEqual([
      [1, 'reclaim'],
      [0, 'reclaim'],
    ])
    watcher.stop()
  })

  test('with the table away the deadlines count all the same', async () => {
    const items = new MemoryItemStore()
    items.getAll = async () => {
      throw new Error('ServiceUnavailable')
    }
    const { clock, verdicts, watcher } = watching([0], items)
    watcher.start()
    await clock.pass(900)
    expect(verdicts).toEqual([])
    await clock.pass(100)
    expect(verdicts).toEqual([[0, 'reclaim']])
    watcher.stop()
  })

  test('without envelopes in flight it makes no call', async () => {
    const { clock, watcher, items } = watching([])
    watcher.start()
    await clock.pass(5_000)
    expect(items.meter.readUnits).toBe(0)
    watcher.stop()
  })

  test('reads what is said to be finished within a few ms, all of it in one go, and nothing else', async () => {
    const { clock, store, verdicts, watcher, items } = watching([0, 1, 2, 3])
    watcher.start()
    const heads = jest.spyOn(items, 'getAll')
    for (const number of [1, 3]) {
      await store.refuse(ORIGIN, number, { kind: 'refused', digest: `d${number}`, code: 'corrupt', reason: 'x' })
      watcher.finished(number)
    }
    watcher.finished(99) // not in flight any more
    await clock.pass(10)
    expect(verdicts).toEqual([
      [1, 'reclaim'],
      [3, 'reclaim'],
    ])
    expect(heads.mock.calls.map(([keys]) => keys.length)).toEqual([2])
    watcher.stop()
  })

  test('reads what is said during a read after it, and tells of nothing twice', async () => {
    const { clock, store, verdicts, watcher, items } = watching([0, 1])
    const gate = new Gate()
    const { getAll } = items
    items.getAll = async (keys) => {
      await gate.pass()
      return getAll.call(items, keys)
    }
    for (const number of [0, 1])
      await store.refuse(ORIGIN, number, { kind: 'refused', digest: `d${number}`, code: 'corrupt', reason: 'x' })
    watcher.start()
    await clock.pass(100)
    expect(gate.waiting).toBe(1)
    watcher.finished(1)
    await clock.pass(50)
    expect(gate.waiting).toBe(1)
    gate.open()
    await clock.pass(50)
    expect(verdicts).toEqual([
      [0, 'reclaim'],
      [1, 'reclaim'],
    ])
    watcher.stop()
  })

  test('a hint without a head behind it changes nothing', async () => {
    const { clock, verdicts, watcher } = watching([0])
    watcher.start()
    watcher.finished(0)
    await clock.pass(900)
    expect(verdicts).toEqual([])
    await clock.pass(200)
    expect(verdicts).toEqual([[0, 'reclaim']])
    watcher.stop()
  })

  test('stopped, it leaves no timer and tells of nothing more, not even of an answer on its way', async () => {
    const items = new MemoryItemStore()
    const { clock, verdicts, watcher } = watching([0], items)
    items.getAll = async (keys) => {
      watcher.stop()
      return keys.map(() => undefined)
    }
    watcher.start()
    await clock.pass(2_000)
    expect(verdicts).toEqual([])
    expect(clock.pending).toBe(0)
  })
})
