import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { FinalColumns } from '../../../edge-node/results/final-columns'
import { expired } from '../../../edge-node/results/retention'
import { finalOf } from '../../support/envelopes'

const kept = fc
  .array(fc.record({ gapMs: fc.nat(100), bytes: fc.nat(50) }), { minLength: 1, maxLength: 40 })
  .map((finals) => {
    const columns = new FinalColumns()
    columns.begin(7)
    let atMs = 0
    finals.forEach(({ gapMs, bytes }, index) => {
      atMs += gapMs
      columns.push(finalOf(7 + index, { atMs, bytes }))
    })
    return columns
  })
const limits = fc.record({ ageMs: fc.nat(2_000), bytes: fc.nat(1_500) })

describe('what is past its retention', () => {
  test('is older than the limit, or one of the oldest while there are more bytes than the limit; and nothing else is', () => {
    fc.assert(
      fc.property(kept, limits, fc.nat(3_000), (finals, limit, nowMs) => {
        const before = expired(finals, limit, nowMs)?.before ?? finals.first
        let bytes = finals.bytes
        for (let number = finals.first; number < finals.next - 1; number++) {
          const isOver = nowMs - finals.atMs(number) > limit.ageMs || bytes > limit.bytes
          if (number < before) expect(isOver).toBe(true)
          if (number === before) expect(isOver).toBe(false)
          bytes -= finals.fileBytes(number)
        }
        expect(before).toBeLessThan(finals.next)
      }),
    )
  })

  test('names a time at or after the end of all that go', () => {
    fc.assert(
      fc.property(kept, limits, fc.nat(3_000), (finals, limit, nowMs) => {
        const found = expired(finals, limit, nowMs)
        for (let number = finals.first; number < (found?.before ?? 0); number++)
          expect(finals.endMs(number)).toBeLessThanOrEqual(found!.toMs)
      }),
    )
  })

  test('leaves what ends after a window that is not final', () => {
    const finals = new FinalColumns()
    for (const number of [0, 1, 2, 3]) finals.push(finalOf(number))
    const none = { ageMs: 0, bytes: 0 }
    expect(expired(finals, none, 1e9)?.before).toBe(3)
    expect(expired(finals, none, 1e9, finalOf(1).endMs)?.before).toBe(1)
  })
})
