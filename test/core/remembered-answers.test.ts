import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Answer } from '../../core/log-record'
import { joinRejections, MAX_LISTED, RejectionList, rejectedCount } from '../../core/rejections'
import { answerBytesOf, RememberedAnswers } from '../../core/remembered-answers'

const answerOf = (reasons: readonly string[]): Answer => ({
  ...{ accepted: 1, late: 0, partlyLate: 0, horizon: null },
  rejected: reasons.map((reason, index) => ({ line: index + 1, code: 'schema', reason })),
})
const requests = fc.array(
  fc.tuple(fc.string({ maxLength: 20 }), fc.array(fc.string({ maxLength: 50 }), { maxLength: 5 })),
  {
    maxLength: 60,
  },
)

describe('remembered answers', () => {
  test('never take more than their bytes or their number, and the newest that fits is there', () => {
    fc.assert(
      fc.property(
        requests,
        fc.integer({ min: 400, max: 5_000 }),
        fc.integer({ min: 1, max: 20 }),
        (sent, bytes, most) => {
          const answers = new RememberedAnswers(most, bytes)
          for (const [key, reasons] of sent) {
            const answer = answerOf(reasons)
            answers.add(key, answer)
            const kept = answers.snapshot()
            expect(kept.length).toBeLessThanOrEqual(most)
            expect(answers.bytes).toBeLessThanOrEqual(bytes)
            expect(answers.bytes).toBe(kept.reduce((sum, [each, its]) => sum + answerBytesOf(each, its), 0))
            if (answerBytesOf(key, answer) <= bytes) expect(answers.get(key)?.answer).toBe(answer)
          }
        },
      ),
    )
  })

  test('go in the order in which they came', () => {
    const answers = new RememberedAnswers(2, 1_000_000)
    for (const key of ['a', 'b', 'c']) answers.add(key, answerOf([]))
    expect(answers.snapshot().map(([key]) => key)).toEqual(['b', 'c'])
  })
})

describe('the rejections of a request', () => {
  const list = (lines: readonly number[]) => {
    const rejections = new RejectionList()
    for (const line of lines) rejections.add({ line, code: 'invalid_json', reason: 'x' })
    return rejections
  }

  test('are listed up to a hundred, by line, and the others are counted, however they were found', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 1_000 }), { maxLength: 400 }), fc.nat({ max: 400 }), (lines, split) => {
        const sorted = [...lines].sort((a, b) => a - b)
        const first = sorted.filter((line) => line % 401 < split)
        const second = sorted.filter((line) => line % 401 >= split)
        const joined = joinRejections(list(first).rejections, list(second).rejections)
        expect(joined.rejected.map(({ line }) => line)).toEqual(sorted.slice(0, MAX_LISTED))
        expect(rejectedCount(joined)).toBe(lines.length)
      }),
    )
  })

  test('may pass later when windows have to close or the clock has to go on, and not otherwise', () => {
    const mayPass = (code: 'schema' | 'too_many_windows' | 'timestamp_in_future') => {
      const rejections = new RejectionList()
      rejections.add({ line: 1, code, reason: '' })
      return rejections.mayPass
    }
    expect([mayPass('schema'), mayPass('too_many_windows'), mayPass('timestamp_in_future')]).toEqual([
      false,
      true,
      true,
    ])
  })
})
