import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Work } from '../../../core/protocol/protocol'
import { BURST_PARTS, BurstParts, partsOf, type Way } from '../../../edge-node/observe/burst-parts'
import { ManualClock } from '../../support/manual-clock'

const work = (ms: number, waitMs?: number): Work => ({
  ...{ requestId: 'a', ms, memoryMb: 1024, writeUnits: 1 },
  ...(waitMs !== undefined && { waitMs }),
})
const WAY: Way = { lingerMs: 60, cutMs: 1_000, sentMs: 1_005, putMs: 1_020 }

describe('the parts of the way of an envelope', () => {
  test('through the stream go by how long the head says that the envelope waited', () => {
    const parts = partsOf(WAY, work(100, 200), 1_400)
    expect(parts).toEqual({ linger: 60, turn: 5, put: 15, lane: 200, fold: 100, read: 80 })
  })

  test('by a call go by its answer: what of it was no work is the call itself', () => {
    const parts = partsOf({ ...WAY, answeredMs: 1_160 }, work(100), 1_170)
    expect(parts).toEqual({ linger: 60, turn: 5, put: 15, lane: 40, fold: 100, read: 10 })
  })

  test('are a remainder without a reading where nobody says how long the envelope waited', () => {
    expect(partsOf(WAY, work(100), 1_400)).toEqual({ linger: 60, turn: 5, put: 15, lane: 280, fold: 100 })
  })

  test('leave out the linger of what arrived before this process did', () => {
    expect(partsOf({ ...WAY, lingerMs: null }, work(100, 200), 1_400)).not.toHaveProperty('linger')
  })

  test('have no put where the head was seen before the answer of the stream', () => {
    const { putMs: _, ...way } = WAY
    expect(partsOf(way, work(100, 200), 1_400)).toMatchObject({ put: 0, lane: 200, read: 95 })
  })

  test('add up to all of the way and are never negative, whatever the clock of a function says', () => {
    const ms = fc.double({ min: 0, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(fc.array(ms, { minLength: 5, maxLength: 5 }), fc.boolean(), ms, ms, (steps, isCall, ran, waited) => {
        const [lingerMs, turnMs, putMs, answerMs, readMs] = steps as [number, number, number, number, number]
        const way = { lingerMs, cutMs: 0, sentMs: turnMs, putMs: turnMs + putMs }
        const answeredMs = way.putMs + answerMs
        const headSeenMs = answeredMs + readMs
        const parts = isCall
          ? partsOf({ ...way, answeredMs }, work(ran), headSeenMs)
          : partsOf(way, work(ran, waited), headSeenMs)
        for (const part of BURST_PARTS) expect(parts[part]).toBeGreaterThanOrEqual(0)
        const sum = BURST_PARTS.reduce((total, part) => total + parts[part]!, 0)
        expect(Math.abs(sum - lingerMs - headSeenMs)).toBeLessThan(1e-3)
      }),
    )
  })
})

describe('where the time of envelopes goes', () => {
  /** An envelope that lingers for 60 ms and has a head 300 ms after it was put. */
  async function burstOne(parts: BurstParts, clock: ManualClock, number: number) {
    const arrivedMs = clock.epochMs()
    await clock.pass(60)
    parts.envelope(number, { kind: 'cut', events: 1, arrivedMs })
    parts.envelope(number, { kind: 'sent', reason: 'it has to' })
    parts.envelope(number, { kind: 'put' })
    await clock.pass(300)
    parts.envelope(number, { kind: 'headSeen', work: work(100, 150), deadLetters: 0 })
  }

  test('is told part by part, each with what it is by this transport', async () => {
    const clock = new ManualClock()
    const parts = new BurstParts('kinesis', clock)
    await burstOne(parts, clock, 0)
    expect(parts.all().map(({ part, p50 }) => [part, p50])).toEqual([
      ['linger', 60],
      ['turn', 0],
      ['put', 0],
      ['lane', 150],
      ['fold', 100],
      ['read', 50],
    ])
    expect(parts.bucketCounts().fold).toMatchObject({ count: 1, sum: 0.1 })
    const wordsOf = (transport: 'kinesis' | 'invoke') =>
      new BurstParts(transport, clock).all().find(({ part }) => part === 'put')?.inWords
    expect(wordsOf('kinesis')).toContain('the stream has it')
    expect(wordsOf('invoke')).toContain('a call is free')
  })

  test.each(['folded', 'reclaimed'] as const)('does not count what was %s', async (how) => {
    const clock = new ManualClock()
    const parts = new BurstParts('kinesis', clock)
    parts.envelope(0, { kind: 'cut', events: 1, arrivedMs: clock.epochMs() })
    parts.envelope(0, { kind: 'sent', reason: 'it has to' })
    parts.envelope(0, how === 'folded' ? { kind: how, deadLetters: 0 } : { kind: how, reason: 'it was late' })
    parts.envelope(0, { kind: 'headSeen', work: work(1), deadLetters: 0 })
    for (const part of BURST_PARTS) expect(parts.bucketCounts()[part].count).toBe(0)
  })

  test('counts later envelopes when a great many are under way', async () => {
    const clock = new ManualClock()
    const parts = new BurstParts('kinesis', clock)
    for (let number = 0; number < 20_000; number++) parts.envelope(number, { kind: 'cut', events: 1, arrivedMs: null })
    for (let number = 0; number < 20_000; number++) parts.envelope(number, { kind: 'folded', deadLetters: 0 })
    await burstOne(parts, clock, 20_000)
    expect(parts.bucketCounts().fold.count).toBe(1)
  })
})
