import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import type { EnvelopeSender, SenderHooks } from '../../../edge-node/burst/envelope-sender'
import { envelopeOf, keyOf } from '../../support/envelopes'

/**
 * A call that a sender has made and that the test answers: it got through, or it did not and that was an outage or
 * throttling.
 */
export interface HeldCall {
  readonly numbers: readonly number[]
  succeed(): Promise<void>
  fail(isOutage: boolean): Promise<void>
}

/** A sender over a cloud that the test plays. */
export interface HeldSender {
  readonly sender: EnvelopeSender
  /** All calls up to now, in order; grows. */
  readonly calls: readonly HeldCall[]
  /** The most calls that may be in progress. */
  readonly maxCalls: number
}

const RECLAIM_AFTER_MS = 60_000

/** What every way to the functions must do. `open` makes a sender that tells these hooks. */
export function envelopeSenderContract(open: (hooks: SenderHooks) => HeldSender): void {
  describe('an envelope sender', () => {
    test('returns at once, and has not failed what it was only given', () => {
      const { send, heard } = opened(open)
      send(0)
      expect([heard.failed, heard.finished]).toEqual([[], []])
    })

    test('tells of an envelope that gets through that it was accepted, and never that it failed', async () => {
      const { send, calls, heard } = opened(open)
      send(0)
      await calls[0]!.succeed()
      expect([heard.accepted, heard.failed]).toEqual([[0], []])
    })

    test.each([
      ['an outage', true],
      ['throttling', false],
    ])('tells of one that does not get through by %s once, and why', async (_, isOutage) => {
      const { sender, send, calls, heard } = opened(open)
      send(7)
      await calls[0]!.fail(isOutage)
      expect(heard.failed).toEqual([[7, isOutage, expect.stringMatching(isOutage ? /cannot be reached/ : /throttled/)]])
      expect(heard.finished).toEqual([])
      expect(sender.counters()).toMatchObject({ failed: 1, throttled: isOutage ? 0 : 1 })
    })

    test('has a bounded number of calls in progress; the others follow as these end', async () => {
      const { send, calls, maxCalls } = opened(open)
      for (let number = 0; number < 3 * maxCalls; number++) send(number)
      expect(calls.length).toBe(maxCalls)
      await calls[0]!.succeed()
      expect(calls.length).toBe(maxCalls + 1)
    })

    test('whatever happens, sends each envelope in one call, accepts it once at most, and fails just those of failed calls', async () => {
      const step = fc.oneof(
        fc.record({ does: fc.constant('send' as const) }),
        fc.record({ does: fc.constantFrom('succeed', 'outage', 'throttle'), which: fc.nat() }),
      )
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const { sender, send, calls, heard, maxCalls } = opened(open)
          const [answered, failed] = [new Set<HeldCall>(), new Set<number>()]
          const answer = async (call: HeldCall, how: string) => {
            answered.add(call)
            if (how === 'succeed') return call.succeed()
            for (const number of call.numbers) failed.add(number)
            return call.fail(how === 'outage')
          }
          let count = 0
          for (const each of steps) {
            const waiting = calls.filter((call) => !answered.has(call))
            expect(waiting.length).toBeLessThanOrEqual(maxCalls)
            if (!('which' in each)) send(count++)
            else if (waiting.length > 0) await answer(waiting[each.which % waiting.length]!, each.does)
          }
          for (let place = 0; place < calls.length; place++) {
            if (!answered.has(calls[place]!)) await answer(calls[place]!, 'succeed')
          }
          const all = Array.from({ length: count }, (_, number) => number)
          expect(calls.flatMap(({ numbers }) => numbers).sort(byValue)).toEqual(all)
          expect(heard.failed.map(([number]) => number).sort(byValue)).toEqual([...failed].sort(byValue))
          expect(new Set(heard.accepted).size).toBe(heard.accepted.length)
          expect(all.filter((number) => !failed.has(number) && !heard.accepted.includes(number))).toEqual([])
          expect(heard.finished.filter((number) => failed.has(number))).toEqual([])
          expect(sender.counters().failed).toBe(failed.size)
        }),
        { numRuns: 60 },
      )
    })
  })
}

const byValue = (one: number, other: number) => one - other

function opened(open: (hooks: SenderHooks) => HeldSender) {
  const accepted: number[] = []
  const finished: number[] = []
  const failed: [envelope: number, isOutage: boolean, reason: string][] = []
  const held = open({
    accepted: ({ number }) => accepted.push(number),
    finished: ({ number }) => finished.push(number),
    failed: ({ number }, isOutage, reason) => failed.push([number, isOutage, reason]),
  })
  const send = (number: number) =>
    held.sender.send(envelopeOf(number, [`{"n":${number}}`]), Date.now() + RECLAIM_AFTER_MS, keyOf(number))
  return { ...held, send, heard: { accepted, finished, failed } }
}
