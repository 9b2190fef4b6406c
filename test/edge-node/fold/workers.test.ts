import { describe, expect, test } from '@jest/globals'
import type { Envelope } from '../../../core/protocol/envelope'
import { foldsWith, Workers } from '../../../edge-node/fold/workers'
import { systemClock } from '../../../edge-node/observe/clock'
import { countByK, envelopeOf } from '../../support/envelopes'
import { Gate } from '../../support/eventually'
import { ManualClock, settled } from '../../support/manual-clock'

const MAX_TURNS = 100_000 // a loop without end would outlive a test that has failed

/** Workers over a pipeline whose `map` waits until the test lets the envelope's event go. */
function gatedWorkers(concurrency: number, nowMs: () => number = () => 0) {
  const gates = new Map<string, Gate>()
  const begun: string[] = []
  const gateOf = (key: string) => {
    const gate = gates.get(key) ?? new Gate()
    gates.set(key, gate)
    return gate
  }
  const spec = countByK({
    map: async (event: { k: string }) => {
      begun.push(event.k)
      await gateOf(event.k).pass()
      return event
    },
  })
  const folded: number[] = []
  const workers = new Workers(foldsWith(spec), concurrency, ({ number }) => folded.push(number), {
    ...systemClock,
    monotonicMs: nowMs,
  })
  const letGo = async (number: number) => {
    gateOf(`${number}`).open()
    await settled()
  }
  return { workers, begun, folded, letGo }
}

const lineOf = (number: number) => `{"k":"${number}","t":1}`
const envelope = (number: number): Envelope => envelopeOf(number, [lineOf(number)])

describe('folding', () => {
  test('begins in order, at most so many side by side', async () => {
    const { workers, begun, folded, letGo } = gatedWorkers(2)
    for (const number of [0, 1, 2, 3]) workers.enqueue(envelope(number))
    expect(begun).toEqual(['0', '1'])
    await letGo(1)
    expect([begun, folded]).toEqual([['0', '1', '2'], [1]])
    await letGo(0)
    await letGo(3)
    await letGo(2)
    expect([begun, folded]).toEqual([
      ['0', '1', '2', '3'],
      [1, 0, 3, 2],
    ])
  })

  test('reclaimed envelopes go before those that wait', async () => {
    const { workers, begun, letGo } = gatedWorkers(1)
    for (const number of [0, 1]) workers.enqueue(envelope(number))
    workers.enqueueFirst(envelope(9))
    for (const number of [0, 9, 1]) await letGo(number)
    expect(begun).toEqual(['0', '9', '1'])
  })

  test('gives the partial of the envelope', async () => {
    const spec = countByK()
    const partials: unknown[] = []
    const workers = new Workers(foldsWith(spec), 1, (_, { panes }) =>
      partials.push([...panes.values()][0]?.folded.count),
    )
    workers.enqueue(envelopeOf(0, [lineOf(1), lineOf(2)]))
    await settled()
    expect(partials).toEqual([2])
  })
})

/**
 * Folds an envelope whose `map` holds the thread for so long an event; says how many were folded whenever the thread
 * was free.
 */
async function computing(eventMs: number, events: number) {
  let nowMs = 0
  const spec = countByK({
    map: (event: { k: string }) => {
      nowMs += eventMs
      return event
    },
  })
  const workers = new Workers(foldsWith(spec), 1, () => undefined, { ...systemClock, monotonicMs: () => nowMs })
  const foldedAtTurns: number[] = []
  workers.enqueue(
    envelopeOf(
      0,
      Array.from({ length: events }, (_, index) => lineOf(index)),
    ),
  )
  for (let turns = 0; workers.counters().folded < events && turns < MAX_TURNS; turns++) {
    foldedAtTurns.push(workers.counters().folded)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { workers, foldedAtTurns }
}

describe('counting', () => {
  test('the backlog is what was enqueued and not yet folded, what is being folded included', async () => {
    const { workers, letGo } = gatedWorkers(1)
    const bytes = lineOf(0).length + 1
    for (const number of [0, 1]) workers.enqueue(envelope(number))
    expect(workers.backlog).toEqual({ events: 2, bytes: 2 * bytes })
    await letGo(0)
    expect(workers.backlog).toEqual({ events: 1, bytes })
    await letGo(1)
    expect(workers.backlog).toEqual({ events: 0, bytes: 0 })
    expect(workers.counters().folded).toBe(2)
  })

  test('events of an envelope in progress count as they end, its bytes until it is done', async () => {
    const { workers, letGo } = gatedWorkers(1)
    const lines = [0, 1, 2].map(lineOf)
    const bytes = 3 * (lineOf(0).length + 1)
    workers.enqueue(envelopeOf(0, lines))
    await letGo(1)
    expect([workers.backlog, workers.counters().folded]).toEqual([{ events: 2, bytes }, 1])
    await letGo(0)
    expect([workers.backlog, workers.counters().folded]).toEqual([{ events: 1, bytes }, 2])
    await letGo(2)
    expect([workers.backlog, workers.counters().folded]).toEqual([{ events: 0, bytes: 0 }, 3])
  })

  test('work is waiting while an envelope is queued behind the running ones', async () => {
    const { workers, letGo } = gatedWorkers(2)
    const waiting = () => workers.counters().waiting
    for (const number of [0, 1]) workers.enqueue(envelope(number))
    expect(waiting()).toBe(false)
    workers.enqueue(envelope(2))
    expect(waiting()).toBe(true)
    workers.takeLast()
    expect(waiting()).toBe(false)
    workers.enqueueFirst(envelope(3))
    expect(waiting()).toBe(true)
    for (const number of [0, 1, 3]) await letGo(number)
    expect(waiting()).toBe(false)
  })

  test('what is given up is no longer in the backlog', async () => {
    const { workers, letGo } = gatedWorkers(1)
    const bytes = lineOf(0).length + 1
    for (const number of [0, 1, 2]) workers.enqueue(envelope(number))
    workers.takeLast()
    expect(workers.backlog).toEqual({ events: 2, bytes: 2 * bytes })
    for (const number of [0, 1]) await letGo(number)
  })

  test('the time in which folding holds the thread is counted, the time in which it waits is not', async () => {
    let nowMs = 0
    const spec = countByK({
      map: (event: { k: string }) => {
        nowMs += 5
        return event.k === 'waits' ? gate.pass().then(() => event) : event
      },
    })
    const gate = new Gate()
    const workers = new Workers(foldsWith(spec), 1, () => undefined, { ...systemClock, monotonicMs: () => nowMs })
    workers.enqueue(envelopeOf(0, [lineOf(0), lineOf(1), '{"k":"waits","t":1}']))
    nowMs += 100
    gate.open()
    await settled()
    expect(workers.counters()).toMatchObject({ folded: 3, busyMs: 115, heldMs: 15 })
  })

  test('a map that computes for long leaves the thread to others in between', async () => {
    const { workers, foldedAtTurns } = await computing(1, 100)
    expect(foldedAtTurns.length).toBeGreaterThan(4)
    expect(foldedAtTurns.slice(1).every((folded, turn) => folded - foldedAtTurns[turn]! <= 16)).toBe(true)
    expect(workers.counters()).toMatchObject({ folded: 100, heldMs: 100 })
  })

  test('a map that computes for longer than that leaves the thread after each event', async () => {
    const { foldedAtTurns } = await computing(50, 60)
    const settledAt = foldedAtTurns.filter((folded) => folded >= 32)
    expect(settledAt.slice(1).every((folded, turn) => folded - settledAt[turn]! === 1)).toBe(true)
  })

  test('busy time is the time with any fold in progress: side by side counts once, idle not at all', async () => {
    let nowMs = 100
    const { workers, letGo } = gatedWorkers(2, () => nowMs)
    workers.enqueue(envelope(0))
    nowMs = 110
    workers.enqueue(envelope(1))
    nowMs = 130
    expect(workers.counters().busyMs).toBe(30)
    await letGo(0)
    nowMs = 150
    await letGo(1)
    nowMs = 1_000
    expect(workers.counters().busyMs).toBe(50)
    workers.enqueue(envelope(2))
    nowMs = 1_007
    await letGo(2)
    expect(workers.counters().busyMs).toBe(57)
  })
})

test('an envelope with an event that is dead already stays at the edge, where that is known', async () => {
  const deadOf = ({ number }: Pick<Envelope, 'number'>) =>
    number === 1 ? new Map([[0, 'map_failed' as const]]) : undefined
  const spec = countByK({
    map: () => new Promise<never>(() => {}),
  })
  const workers = new Workers(foldsWith(spec), 1, () => undefined, new ManualClock(), { deadOf })
  for (const number of [0, 1, 2]) workers.enqueue(envelope(number))
  expect([workers.takeLast()?.number, workers.takeLast()]).toEqual([2, undefined])
})

test('a map that hangs at the edge costs its event, not the envelope', async () => {
  const clock = new ManualClock()
  const spec = countByK({
    map: async (event: { k: string }) => (event.k === '1' ? new Promise<never>(() => {}) : event),
    mapTimeout: '5s',
  })
  const letters: unknown[] = []
  const workers = new Workers(foldsWith(spec), 1, (_, { deadLetters }) => letters.push(...deadLetters), clock)
  workers.enqueue(envelopeOf(0, [lineOf(0), lineOf(1), lineOf(2)]))
  await clock.pass(4_999)
  expect([letters, clock.pending]).toEqual([[], 1])
  expect(workers.counters()).toMatchObject({ folded: 2, busyMs: 4_999 })
  await clock.pass(1_000)
  expect([workers.counters().folded, workers.backlog.events]).toEqual([3, 0])
  expect(letters).toMatchObject([{ offset: 1, code: 'map_timeout' }])
  expect(clock.pending).toBe(0)
})
