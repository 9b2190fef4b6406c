import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { textsIn } from '../../../core/protocol/answer-block'
import type { Answer } from '../../../core/protocol/log-record'
import { joinRejections, MAX_LISTED, RejectionList, rejectedCount } from '../../../core/protocol/rejections'
import { type KeyMemory, RememberedAnswers } from '../../../core/protocol/remembered-answers'
import { KEY_RULES } from '../../support/history'

const answerOf = (reasons: readonly string[]): Answer => ({
  ...{ accepted: 1, late: 0, partlyLate: 0, horizon: null },
  rejected: reasons.map((reason, index) => ({ line: index + 1, code: 'schema', reason })),
})
const memory = (limits: Partial<KeyMemory> = {}): KeyMemory => ({
  rememberMs: 60_000,
  bytes: 1_000_000,
  ...KEY_RULES,
  ...limits,
})

/** What happens to remembered answers: time passes, or a request under one of a few keys was answered. */
const steps = fc.array(
  fc.oneof(
    fc.record({ passMs: fc.integer({ min: 0, max: 30_000 }) }),
    fc.record({
      key: fc.nat({ max: 40 }).map((n) => (n % 9 === 0 ? `replay-${n}` : `key ${n}`)),
      answer: fc.record({
        accepted: fc.nat(),
        late: fc.nat(),
        partlyLate: fc.nat(),
        horizon: fc.option(fc.integer({ min: -(2 ** 50), max: 2 ** 50 })),
        rejected: fc.array(fc.string({ maxLength: 30 }), { maxLength: 3 }).map((reasons) => answerOf(reasons).rejected),
      }),
    }),
  ),
  { maxLength: 150 },
)

/** Remembers in the plainest way. */
class Model {
  private readonly entries: { readonly key: string; readonly answer: Answer; readonly atMs: number }[] = []
  nowMs = 0

  add(key: string, answer: Answer): void {
    this.entries.push({ key, answer, atMs: Math.ceil(this.nowMs / 1_000) * 1_000 })
  }

  get(key: string, rememberMs: number): Answer | undefined {
    return this.entries.findLast((entry) => entry.key === key && entry.atMs >= this.nowMs - rememberMs)?.answer
  }

  get keys(): string[] {
    return [...new Set(this.entries.map(({ key }) => key))]
  }
}

function played(sent: typeof steps extends fc.Arbitrary<infer T> ? T : never, answers: RememberedAnswers): Model {
  const model = new Model()
  for (const step of sent) {
    if ('passMs' in step) {
      model.nowMs += step.passMs
      answers.pass(model.nowMs)
    } else {
      model.add(step.key, step.answer)
      answers.add(step.key, step.answer)
    }
  }
  return model
}

describe('remembered answers', () => {
  test('are those of the keys that came within the time, word for word, and no others', () => {
    fc.assert(
      fc.property(steps, (sent) => {
        const answers = new RememberedAnswers(memory())
        const model = played(sent, answers)
        for (const key of model.keys) expect(answers.get(key)?.answer).toEqual(model.get(key, 60_000))
        expect(answers.get('never sent')).toBeUndefined()
      }),
    )
  })

  test('are the same again through their pages, from any of which a reader goes on', () => {
    fc.assert(
      fc.property(steps, fc.nat({ max: 100 }), (sent, from) => {
        const answers = new RememberedAnswers(memory())
        const model = played(sent, answers)
        const { span } = answers
        const again = new RememberedAnswers(memory())
        again.restore(span)
        for (const page of answers.pages(0, Math.min(from, span.next))) again.takeUp(page, span)
        for (const page of answers.pages(Math.min(from, span.next) - 1, span.next)) again.takeUp(page, span)
        expect(again.span).toEqual(span)
        for (const key of model.keys) expect(again.get(key)?.answer).toEqual(answers.get(key)?.answer)
        const texts = [...again.pages(span.first, span.next)].flatMap((page) => textsIn(page).map(({ key }) => key))
        expect(texts.every((key) => key.startsWith('replay-'))).toBe(true)
      }),
    )
  })

  test('with a page missing are noticed', () => {
    const answers = new RememberedAnswers(memory())
    for (let n = 0; n < 3_000; n++) answers.add(`${n}`, answerOf([]))
    const [first, , third] = [...answers.pages(0, 3_000)]
    const again = new RememberedAnswers(memory())
    again.restore(answers.span)
    again.takeUp(first!, answers.span)
    expect(() => again.takeUp(third!, answers.span)).toThrow('does not go on')
  })

  test('have room for what their bytes allow, none after it, and room again when the oldest are past their time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 65_536, max: 300_000 }), (bytes) => {
        const answers = new RememberedAnswers(memory({ bytes }))
        let sent = 0
        for (; answers.hasRoom; sent++) answers.add(`${sent}`, answerOf([]))
        expect(answers.bytes).toBeLessThanOrEqual(bytes)
        expect(sent).toBeGreaterThanOrEqual((0.9 * bytes) / 64) // 56 bytes each, and the last block may not fit
        expect(answers.get('0')).toBeDefined()
        answers.pass(answers.roomInMs + 1_000)
        expect([answers.hasRoom, answers.get('0')]).toEqual([true, undefined])
      }),
    )
  })

  test('that are forgotten while their pages are read are in them all the same', () => {
    const answers = new RememberedAnswers(memory())
    for (let n = 0; n < 3_000; n++) answers.add(`${n}`, answerOf([]))
    const { span } = answers
    const pages = answers.pages(0, span.next)
    answers.pass(1_000_000)
    for (let n = 0; n < 10; n++) answers.add(`later ${n}`, answerOf([]))
    const again = new RememberedAnswers(memory())
    again.restore(span)
    for (const page of pages) again.takeUp(page, span)
    expect(again.span).toEqual(span)
  })

  test('that were taken up with less room than they need lie in few blocks: each is looked at for a key', () => {
    const count = 100_000
    const answers = new RememberedAnswers(memory({ bytes: 10_000_000 }))
    for (let n = 0; n < count; n++) answers.add(`${n}`, answerOf([]))
    const again = new RememberedAnswers(memory({ bytes: 65_536 }))
    again.restore(answers.span)
    for (const page of answers.pages(0, count)) again.takeUp(page, answers.span)
    expect([...again.pages(0, count)].length).toBeLessThanOrEqual(2 * 128) // a page is of one block
    expect([again.hasRoom, again.get('0') !== undefined]).toEqual([false, true])
    again.pass(100_000)
    expect([again.hasRoom, again.bytes]).toEqual([true, 0])
    let room = 0
    for (; again.hasRoom; room++) again.add(`later ${room}`, answerOf([]))
    expect(room).toBeGreaterThan(900)
  })

  test('of an unknown time are remembered from the next start on', () => {
    const answers = new RememberedAnswers(memory())
    answers.add('a', answerOf([]), null, Number.POSITIVE_INFINITY)
    answers.begin(10_000_000)
    answers.pass(10_060_000)
    expect(answers.get('a')).toBeDefined()
    answers.pass(10_062_000)
    expect(answers.get('a')).toBeUndefined()
  })

  test('of another body are known, and bodies that were not noted count as the same', () => {
    const answers = new RememberedAnswers(memory())
    answers.add('a', answerOf([]), 'ab'.repeat(32))
    answers.add('b', answerOf([]))
    expect([answers.get('a')!.hadBody('ab'.repeat(32)), answers.get('a')!.hadBody('cd'.repeat(32))]).toEqual([
      true,
      false,
    ])
    expect(answers.get('b')!.hadBody('cd'.repeat(32))).toBe(true)
  })

  test('that a clock ahead has dated count from the next start on: they are not kept for its error', () => {
    const answers = new RememberedAnswers(memory())
    answers.pass(10_000_000)
    answers.add('a', answerOf([]))
    answers.begin(1_000_000)
    answers.pass(1_060_000)
    expect(answers.get('a')).toBeDefined()
    answers.pass(1_062_000)
    expect(answers.get('a')).toBeUndefined()
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
