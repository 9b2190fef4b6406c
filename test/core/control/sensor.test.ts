import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Counters, Sensor } from '../../../core/control/sensor'
import { LittleEdge } from './little-edge'

const ZERO: Counters = { atMs: 0, accepted: 0, folded: 0, busyMs: 0, waiting: false, sent: 0, taken: 0, divertMs: 0 }

/** The rates after these readings, each of which says what is new. */
function ratesAfter(...readings: readonly Partial<Counters>[]) {
  const sensor = new Sensor()
  let counters = ZERO
  let rates = sensor.read(counters)
  for (const reading of readings) {
    counters = { ...counters, ...reading }
    rates = sensor.read(counters)
  }
  return rates
}

describe('the first reading', () => {
  test('is where counting begins: nothing is known', () => {
    const rates = new Sensor().read({
      ...ZERO,
      atMs: 5_000,
      accepted: 1e6,
      folded: 1e6,
      busyMs: 4_000,
      sent: 5e5,
      divertMs: 10,
    })
    const nothing = {
      takenRate: 0,
      foldUs: 0,
      trueRate: 0,
      arrivalRate: 0,
      steadyRate: 0,
      utilization: 0,
      sentRate: 0,
      divertUs: 0,
    }
    expect(rates).toEqual(nothing)
  })
})

describe('the arrival rate', () => {
  test('is that of the last 100 ms: a step is seen at once', () => {
    const edge = new LittleEdge(1)
    edge.arrivalRate = 1_000
    expect(edge.run(3_000).rates.arrivalRate).toBeCloseTo(1_000, 0)
    edge.arrivalRate = 4_000
    expect(edge.run(120).rates.arrivalRate).toBeCloseTo(4_000, 0)
    expect(edge.rates.steadyRate).toBeLessThan(1_500)
  })

  test('looks back as far as 20 events reach', () => {
    const edge = new LittleEdge(1)
    edge.arrivalRate = 50
    const rates = edge.run(5_000).seen.filter(({ atMs }) => atMs > 1_000)
    for (const { arrivalRate } of rates) expect(Math.abs(arrivalRate - 50)).toBeLessThan(5)
  })

  test('looks back a second at most: three events of a slow pipeline are no trend', () => {
    const edge = new LittleEdge(1)
    edge.run(2_000).batch(3)
    expect(edge.run(20).rates.arrivalRate).toBeCloseTo(3, 0)
    expect(edge.run(1_100).rates.arrivalRate).toBe(0)
  })

  test('of batches is theirs over a second, between and after them', () => {
    const edge = new LittleEdge(1)
    for (let batch = 0; batch < 5; batch++) edge.batch(1_000).run(1_000)
    expect(edge.rates.steadyRate).toBeCloseTo(1_000, -2)
    expect(edge.run(1_100).rates.steadyRate).toBe(0)
  })

  test('of two readings closer than 40 ms is spread over 40 ms', () => {
    expect(ratesAfter({ atMs: 1, accepted: 100 }).arrivalRate).toBe(2_500)
    expect(ratesAfter({ atMs: 0, accepted: 100 }).arrivalRate).toBe(2_500)
  })

  test('over a pause of the readings is that of the pause', () => {
    expect(ratesAfter({ atMs: 20 }, { atMs: 10_020, accepted: 5_000 }).arrivalRate).toBeCloseTo(500)
  })
})

describe('the utilization', () => {
  test.each([0, 0.1, 0.5, 1])('of an edge that is busy for a share of %p is just that', (share) => {
    const edge = new LittleEdge(1)
    edge.costMs = 2
    edge.arrivalRate = 500 * share
    expect(edge.run(3_000).rates.utilization).toBeCloseTo(share, 1)
  })

  test('forgets within a second', () => {
    const edge = new LittleEdge(1)
    expect(edge.batch(2_000).run(2_000).rates.utilization).toBe(1)
    expect(edge.run(1_100).rates.utilization).toBe(0)
  })
})

describe('what is sent', () => {
  test('has the rate of the last second', () => {
    const edge = new LittleEdge(1)
    for (let tick = 0; tick < 100; tick++) edge.send(20, 5).run(20)
    expect(edge.rates.sentRate).toBeCloseTo(1_000, -2)
    expect(edge.run(1_100).rates.sentRate).toBe(0)
  })

  test('has no cost before a thousand events of it: the first calls run cold', () => {
    expect(ratesAfter({ atMs: 20, sent: 999, divertMs: 100 }).divertUs).toBe(0)
    expect(ratesAfter({ atMs: 20, sent: 1_000, divertMs: 100 }).divertUs).toBe(100)
  })

  test('costs what the last ten thousand events did', () => {
    const edge = new LittleEdge(1).run(20)
    for (let tick = 0; tick < 100; tick++) edge.send(200, 50).run(20)
    expect(edge.rates.divertUs).toBeCloseTo(50)
    for (let tick = 0; tick < 70; tick++) edge.send(200, 5).run(20)
    expect(edge.rates.divertUs).toBeCloseTo(5)
  })

  test('costs what it did for five seconds in which nothing is sent, then it is unknown: it may forbid sending, and would never be measured again', () => {
    const edge = new LittleEdge(1).run(20)
    for (let tick = 0; tick < 100; tick++) edge.send(200, 50).run(20)
    expect(edge.run(4_900).rates.divertUs).toBeCloseTo(50)
    expect(edge.run(200).rates.divertUs).toBe(0)
    expect(edge.send(1_000, 5).run(20).rates.divertUs).toBeCloseTo(5)
  })

  test('may be paid for later than it is counted', () => {
    expect(ratesAfter({ atMs: 20, sent: 2_000, divertMs: 4 }, { atMs: 40, divertMs: 20 }).divertUs).toBe(10)
  })
})

describe('law', () => {
  const step = fc.record({
    atMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 100_000 })),
    accepted: fc.nat(5_000),
    folded: fc.nat(5_000),
    busy: fc.float({ min: 0, max: 1, noNaN: true }),
    held: fc.float({ min: 0, max: 1, noNaN: true }),
    waiting: fc.boolean(),
    sent: fc.nat(3_000),
    divertMs: fc.float({ min: 0, max: 100, noNaN: true }),
  })

  test('whatever the counters do, rates are finite and not negative', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const sensor = new Sensor()
        let counters = { ...ZERO, heldMs: 0 }
        for (const { atMs, accepted, folded, busy, held, waiting, sent, divertMs } of steps) {
          counters = {
            atMs: counters.atMs + atMs,
            accepted: counters.accepted + accepted,
            folded: counters.folded + folded,
            busyMs: counters.busyMs + atMs * busy,
            heldMs: counters.heldMs + atMs * busy * held,
            waiting,
            taken: counters.taken + sent,
            sent: counters.sent + sent,
            divertMs: counters.divertMs + divertMs,
          }
          const rates = sensor.read(counters)
          for (const rate of Object.values(rates)) expect(Number.isFinite(rate) && rate >= 0).toBe(true)
          expect(rates.utilization).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  test('a constant load gives the constants, at any pace of readings', () => {
    const paces = fc.array(fc.integer({ min: 5, max: 90 }), { minLength: 1, maxLength: 7 })
    fc.assert(
      fc.property(fc.constantFrom(200, 500, 1_000), fc.constantFrom(0.5, 1), paces, (rate, costMs, paceMs) => {
        const edge = new LittleEdge(1, paceMs)
        edge.costMs = costMs
        edge.arrivalRate = rate
        for (const { atMs, arrivalRate, steadyRate, utilization } of edge.run(3_000).seen) {
          if (atMs < 1_500) continue
          expect(Math.abs(arrivalRate / rate - 1)).toBeLessThan(0.1)
          expect(Math.abs(steadyRate / rate - 1)).toBeLessThan(0.02)
          expect(Math.abs(utilization - (rate * costMs) / 1_000)).toBeLessThan(0.02)
        }
      }),
      { numRuns: 30 },
    )
  })
})

test('memory is bounded, however often the counters are read and however little happens between', () => {
  const sensor = new Sensor()
  for (let read = 0; read < 100_000; read++) {
    const ms = read / 100
    sensor.read({
      ...ZERO,
      atMs: ms,
      accepted: read,
      folded: read,
      busyMs: ms,
      waiting: true,
      sent: read,
      divertMs: ms,
    })
  }
  const lengths = JSON.parse(JSON.stringify(sensor, (_, value) => (Array.isArray(value) ? value.length : value)))
  expect(lengths.samples).toBeLessThan(150)
  expect(lengths.trueRate.stretches).toBeLessThan(60)
  expect(lengths.divertCost.marks).toBeLessThan(20)
})

describe('what folding costs', () => {
  test('is the other side of the true rate where it waits for something', () => {
    const { foldUs, trueRate } = ratesAfter({ atMs: 500, folded: 250, busyMs: 500, waiting: true })
    expect(foldUs).toBeCloseTo(1e6 / trueRate)
  })

  test('is the time of the thread where it only computes, whatever else goes on meanwhile', () => {
    const { foldUs } = ratesAfter({ atMs: 500, folded: 10_000, busyMs: 500, heldMs: 30, waits: false })
    expect(foldUs).toBeCloseTo(3)
  })
})
