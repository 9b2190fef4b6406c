import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { TrueRate } from '../../core/sensor'

const READ_MS = 100
const SPAN_MS = 2_000

/** An edge that folds envelopes of `events` one after the other; readings are taken every 100 ms of its clock. */
class Edge {
  rate = 0
  private readonly sensor = new TrueRate(SPAN_MS, 20)
  private counters = { atMs: 0, folded: 0, busyMs: 0 }
  private foldingMs = 0

  constructor(
    private readonly events: number,
    public eventMs: number,
  ) {
    this.run(READ_MS, 0)
  }

  /** Lets time pass, during a share of which the edge is busy. */
  run(ms: number, busyShare: number): this {
    for (let passed = 0; passed < ms; passed += READ_MS) {
      const busyMs = READ_MS * busyShare
      this.foldingMs += busyMs
      const ended = Math.floor(this.foldingMs / (this.events * this.eventMs))
      this.foldingMs -= ended * this.events * this.eventMs
      const { atMs, folded, busyMs: before } = this.counters
      this.counters = { atMs: atMs + READ_MS, folded: folded + ended * this.events, busyMs: before + busyMs }
      this.rate = this.sensor.read(this.counters)
    }
    return this
  }
}

describe('the true rate', () => {
  test('is 0 before anything was folded, however busy the edge is', () => {
    expect(new Edge(1_000, 5).run(4_000, 1).rate).toBe(0)
  })

  test.each([0.01, 0.1, 0.5, 1])(
    'of an edge that is busy for a share of %p of its time is that of its busy time',
    (share) => {
      expect(new Edge(10, 0.1).run(60_000, share).rate).toBeCloseTo(10_000)
    },
  )

  test('stands while the edge is idle, and is right at once when work comes back', () => {
    const edge = new Edge(10, 1).run(5_000, 1).run(3_600_000, 0)
    expect(edge.rate).toBeCloseTo(1_000)
    expect(edge.run(100, 1).rate).toBeCloseTo(1_000)
  })

  test.each([10, 0.1])('follows when an event costs %p times as much, within the span of busy time', (times) => {
    const edge = new Edge(10, 1).run(10_000, 1)
    edge.eventMs *= times
    expect(edge.run(SPAN_MS + 2 * READ_MS, 1).rate).toBeCloseTo(1_000 / times)
  })

  test('follows a change of cost by busy time, not by the clock', () => {
    const edge = new Edge(10, 1).run(10_000, 1)
    edge.eventMs = 10
    expect(edge.run(SPAN_MS / 2, 1).rate).toBeGreaterThan(150)
    expect(edge.run(60_000, 0).rate).toBeGreaterThan(150)
    expect(edge.run(SPAN_MS / 2 + 2 * READ_MS, 1).rate).toBeCloseTo(100)
  })

  test('is right for a saturated edge whose envelopes take longer than the span', () => {
    const edge = new Edge(4_000, 1).run(4_000, 1)
    const rates = Array.from({ length: 100 }, () => edge.run(READ_MS, 1).rate)
    expect(Math.min(...rates)).toBeCloseTo(1_000)
    expect(Math.max(...rates)).toBeCloseTo(1_000)
  })

  test('needs some busy time to say anything', () => {
    const sensor = new TrueRate(SPAN_MS, 20)
    sensor.read({ atMs: 0, folded: 0, busyMs: 0 })
    expect(sensor.read({ atMs: 100, folded: 500, busyMs: 19 })).toBe(0)
    expect(sensor.read({ atMs: 200, folded: 501, busyMs: 20 })).toBeCloseTo(25_050)
  })

  test('lies between the slowest and the fastest of the last stretches', () => {
    const stretch = fc.record({ eventMs: fc.constantFrom(0.1, 1, 5), share: fc.constantFrom(0.1, 0.5, 1) })
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 8 }), (stretches) => {
        const edge = new Edge(1, 1)
        for (const { eventMs, share } of stretches) {
          edge.eventMs = eventMs
          edge.run(SPAN_MS, share)
        }
        const rates = stretches.map(({ eventMs }) => 1_000 / eventMs)
        expect(edge.rate).toBeGreaterThan(Math.min(...rates) * 0.9)
        expect(edge.rate).toBeLessThan(Math.max(...rates) * 1.1)
      }),
    )
  })
})
