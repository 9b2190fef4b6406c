import { describe, expect, test } from '@jest/globals'
import type { FoldHooks, FoldReport } from '../../../cloud/burst-function'
import { openEnvelope } from '../../../cloud/envelope-codec'
import type { InvokeFailure } from '../../../cloud/functions'
import type { StreamRecord } from '../../../cloud/stream'
import type { SenderHooks } from '../../../edge-node/burst/envelope-sender'
import { InvokeSender } from '../../../edge-node/burst/invoke-sender'
import { systemClock } from '../../../edge-node/observe/clock'
import { envelopeOf } from '../../support/envelopes'
import { ManualClock, settled } from '../../support/manual-clock'
import { envelopeSenderContract, type HeldCall } from './envelope-sender.contract'

const MAX_CALLS = 3

interface Call {
  readonly record: StreamRecord
  readonly limitMs: number
  readonly sent: FoldHooks['sent']
  readonly tried: FoldHooks['tried']
  readonly answer: (report: FoldReport) => Promise<void>
}

/** A sender whose calls the test answers. */
function heldCalls(onCall: (call: Call) => void = () => {}) {
  const calls: Call[] = []
  const fold = (record: StreamRecord, limitMs: number, { sent, tried }: FoldHooks) =>
    new Promise<FoldReport>((resolve) => {
      const answer = async (report: FoldReport) => {
        resolve(report)
        await settled()
      }
      const call = { record, limitMs, sent, tried, answer }
      calls.push(call)
      onCall(call)
    })
  return { burst: { fold }, calls }
}

function heldCall({ record, sent, tried, answer }: Call): HeldCall {
  const failWith = (code: InvokeFailure, reason: string) => {
    tried(code)
    return answer({ kind: 'failed', isOutage: code !== 'throttled', reason })
  }
  return {
    numbers: [Number(record.partitionKey.split('-').at(-1))],
    succeed: () => {
      sent(0)
      tried(null)
      return answer({ kind: 'finished' })
    },
    fail: (isOutage) =>
      isOutage
        ? failWith('unreachable', 'the function cannot be reached')
        : failWith('throttled', 'the function is throttled'),
  }
}

describe('calling the function', () => {
  envelopeSenderContract((hooks) => {
    const calls: HeldCall[] = []
    const { burst } = heldCalls((call) => calls.push(heldCall(call)))
    return { sender: new InvokeSender(burst, () => MAX_CALLS, hooks, systemClock), maxCalls: MAX_CALLS, calls }
  })
})

/** With a clock that the test moves. */
function timed(maxCalls = MAX_CALLS) {
  const clock = new ManualClock(500)
  const heard: string[] = []
  const hooks: SenderHooks = {
    accepted: ({ number }) => heard.push(`${number} accepted`),
    finished: ({ number }) => heard.push(`${number} finished`),
    failed: ({ number }, isOutage, reason) => heard.push(`${number} failed ${isOutage} ${reason}`),
  }
  const { burst, calls } = heldCalls()
  const sender = new InvokeSender(burst, () => maxCalls, hooks, clock)
  const send = (number: number, afterMs = 10_000) =>
    sender.send(envelopeOf(number, [`{"n":${number}}`]), clock.epochMs() + afterMs)
  return { clock, heard, calls, sender, send }
}

describe('a call', () => {
  test('carries the envelope as the stream would, with its deadline, and has until then', () => {
    const { clock, calls, send } = timed()
    send(7, 30_000)
    const [{ record, limitMs }] = calls as [Call]
    expect(record.partitionKey).toBe('test-incarnation-7')
    expect(openEnvelope(record.data)).toMatchObject({
      header: { reclaimAtMs: clock.epochMs() + 30_000 },
      envelope: envelopeOf(7, ['{"n":7}']),
    })
    expect(limitMs).toBe(30_000)
  })

  test('is accepted as its request goes out for the first time, and finished when the function says so', async () => {
    const { heard, calls, send } = timed()
    send(0)
    expect(heard).toEqual([])
    calls[0]!.sent(1)
    calls[0]!.sent(1)
    expect(heard).toEqual(['0 accepted'])
    await calls[0]!.answer({ kind: 'finished' })
    expect(heard).toEqual(['0 accepted', '0 finished'])
  })

  test('that had no answer in time is let go without a word, and makes room', async () => {
    const { heard, calls, send } = timed(1)
    send(0)
    send(1)
    await calls[0]!.answer({ kind: 'expired' })
    expect(heard).toEqual([])
    expect(calls.length).toBe(2)
  })
})

describe('the queue', () => {
  test('is worked off in order, and what waited has only the rest of its time', async () => {
    const { clock, calls, send } = timed(1)
    for (const number of [0, 1, 2]) send(number, 10_000)
    await clock.pass(4_000)
    await calls[0]!.answer({ kind: 'finished' })
    expect(calls.map(({ record, limitMs }) => [record.partitionKey, limitMs])).toEqual([
      ['test-incarnation-0', 10_000],
      ['test-incarnation-1', 6_000],
    ])
  })

  test('drops what is over: the edge has taken it back', async () => {
    const { clock, heard, calls, send } = timed(1)
    send(0, 10_000)
    send(1, 1_000)
    send(2, 10_000)
    await clock.pass(1_000)
    await calls[0]!.answer({ kind: 'finished' })
    calls[1]!.sent(1)
    expect(heard).toEqual(['0 finished', '2 accepted'])
  })
})

test('the counters tell tries that ran from those that were throttled, their work, and nothing of a stream', async () => {
  const { sender, calls, send } = timed()
  send(0)
  for (const cpuMs of [2, 3]) calls[0]!.sent(cpuMs)
  for (const outcome of ['throttled', 'function_error', 'unreachable', 'refused', null] as const)
    calls[0]!.tried(outcome)
  await calls[0]!.answer({ kind: 'finished' })
  send(1)
  calls[1]!.tried('throttled')
  await calls[1]!.answer({ kind: 'failed', isOutage: false, reason: 'x' })
  expect(sender.counters()).toEqual({
    ...{ records: 0, bytes: 0, putUnits: 0 },
    ...{ invocations: 2, throttled: 2, failed: 1, divertMs: 5 },
  })
})
