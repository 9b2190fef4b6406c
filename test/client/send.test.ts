import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { retryDelayMs } from '../../client/retry'
import { batchesOf } from '../../client/send'

test('requests have all events in their order, each a line, within their limits', () => {
  const events = fc.array(fc.oneof(fc.record({ text: fc.string({ maxLength: 300 }) }), fc.constant('{"a":\n1}')))
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 2_000 }), (some, times) => {
      const all = Array.from({ length: times }, () => some).flat()
      const batches = [...batchesOf(all)]
      const lines = batches.flatMap(({ lines }) => lines)
      const plain = (event: object | string) => (typeof event === 'string' ? JSON.parse(event) : event)
      expect(lines.length).toBe(all.length)
      expect(lines.slice(0, some.length).map(plain)).toEqual(some.map(plain))
      let first = 0
      for (const batch of batches) {
        expect(batch.first).toBe(first)
        expect(batch.lines.length).toBeLessThanOrEqual(5_000)
        expect(batch.lines.join('\n').length).toBeLessThanOrEqual(512 * 1024)
        first += batch.lines.length
      }
    }),
    { numRuns: 20 },
  )
})

test('one event beyond the limit of a request goes alone: the node says that it is too long', () => {
  const long = { text: 'x'.repeat(600 * 1024) }
  expect([...batchesOf([{}, long, {}])].map(({ lines }) => lines.length)).toEqual([1, 1, 1])
})

test('a wait is what the node asks for, or doubles up to 5 s; spread, so that clients do not come back at once', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, unit) => {
      const delayMs = retryDelayMs(attempt, undefined, unit)
      expect(delayMs).toBeGreaterThanOrEqual(50)
      expect(delayMs).toBeLessThanOrEqual(5_000)
      expect(retryDelayMs(attempt, 1_000, unit)).toBeGreaterThanOrEqual(1_000)
      expect(retryDelayMs(attempt, 1_000, unit)).toBeLessThanOrEqual(1_250)
    }),
  )
  expect(retryDelayMs(3, undefined, 0)).toBe(2 * retryDelayMs(2, undefined, 0))
})
