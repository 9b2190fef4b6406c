import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { type BurstEvent, BurstFunction } from '../../cloud/burst-function'
import { sealEnvelope } from '../../cloud/envelope-codec'
import { InvokeFailed, type InvokeFailure } from '../../cloud/functions'
import { configSchema } from '../../edge-node/config/config'
import { envelopeOf } from '../support/envelopes'
import { instantSleeps } from './scripted-client'

const SECOND_MS = 1_000
const record = { partitionKey: 'incarnation-7', data: Buffer.from('ü envelope') }
const UNHEARD = { sent: () => {}, tried: () => {} }
const DONE = { batchItemFailures: [] }
const NOT_STORED = { batchItemFailures: [{ itemIdentifier: 'incarnation-7' }] }

afterEach(() => {
  jest.restoreAllMocks()
})

/** A function that answers each call with the next of these, and with the last for good. */
function functionThat(...answers: unknown[]) {
  const events: BurstEvent[] = []
  const tries: (InvokeFailure | null)[] = []
  const invoke = async (payload: unknown) => {
    events.push(payload as BurstEvent)
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    if (answer instanceof Error) throw answer
    return answer
  }
  const burst = new BurstFunction({ invoke })
  const fold = (limitMs = 60 * SECOND_MS) =>
    burst.fold(record, limitMs, { sent: () => {}, tried: (failure) => tries.push(failure) })
  return { events, tries, fold }
}
const failure = (code: InvokeFailure) => new InvokeFailed(code, 'burst', 'detail')

describe('a call with an envelope', () => {
  test('looks like a batch of the stream with one record', async () => {
    const { events, fold } = functionThat(DONE)
    expect(await fold()).toEqual({ kind: 'finished' })
    const [{ Records }] = events as [BurstEvent]
    expect(Records).toEqual([
      {
        kinesis: {
          partitionKey: 'incarnation-7',
          sequenceNumber: 'incarnation-7',
          data: Buffer.from('ü envelope').toString('base64'),
        },
      },
    ])
  })

  test('is finished when the answer is empty, as for the stream', async () => {
    expect(await functionThat(null).fold()).toEqual({ kind: 'finished' })
  })

  test.each<[string, unknown, InvokeFailure]>([
    ['the function could not store it', NOT_STORED, 'function_error'],
    ['the function failed', failure('function_error'), 'function_error'],
    ['the answer was lost', failure('unreachable'), 'unreachable'],
    ['there was no room', failure('throttled'), 'throttled'],
  ])('is tried again, with jitter, when %s', async (_, answer, heard) => {
    const delaysMs = instantSleeps()
    const { events, tries, fold } = functionThat(answer, answer, DONE)
    expect(await fold()).toEqual({ kind: 'finished' })
    expect(tries).toEqual([heard, heard, null])
    expect(events).toEqual([events[0], events[0], events[0]])
    expect(delaysMs.length).toBe(2)
  })

  test.each<[InvokeFailure, boolean, string]>([
    ['throttled', false, 'the function is throttled (burst: detail)'],
    ['function_error', true, 'the function fails (burst: detail)'],
    ['unreachable', true, 'the function cannot be reached (burst: detail)'],
  ])('that only comes back %s is given up in the end; an outage: %s', async (code, isOutage, reason) => {
    instantSleeps()
    const { tries, fold } = functionThat(failure(code))
    expect(await fold()).toEqual({ kind: 'failed', isOutage, reason })
    expect(tries).toEqual(Array.from({ length: 8 }, () => code))
  })

  test('that is refused is given up at once: it would be refused again', async () => {
    const { tries, fold } = functionThat(failure('refused'), DONE)
    expect(await fold()).toEqual({
      kind: 'failed',
      isOutage: true,
      reason: 'the function cannot be called (burst: detail)',
    })
    expect(tries).toEqual(['refused'])
  })

  test('whose time is over has expired, whatever came of it', async () => {
    instantSleeps()
    const burst = new BurstFunction({
      invoke: (_, { signal } = {}) =>
        new Promise((_resolve, reject) => {
          signal!.addEventListener('abort', () => reject(failure('unreachable')))
        }),
    })
    // Its timer keeps no process alive; something has to, for as long.
    const awake = setInterval(() => {}, SECOND_MS)
    expect(await burst.fold(record, 0, UNHEARD)).toEqual({ kind: 'expired' })
    clearInterval(awake)
  })

  test('lets a bug through', async () => {
    await expect(functionThat(new TypeError('a bug')).fold()).rejects.toThrow(TypeError)
  })
})

test('the payload of the largest envelope that can be set is well within the 6 MB that Lambda takes', async () => {
  const events: unknown[] = []
  const burst = new BurstFunction({ invoke: async (payload) => events.push(payload) && null })
  const maxBytes = 320 * 1024
  expect(configSchema.safeParse({ maxEnvelopeBytes: maxBytes + 1 }).success).toBe(false)
  const incompressible = randomBytes(maxBytes / 2).toString('hex')
  const data = sealEnvelope(envelopeOf(0, [incompressible]), 0)
  await burst.fold({ partitionKey: 'k', data }, SECOND_MS, UNHEARD)
  expect(JSON.stringify(events[0]).length).toBeLessThan(1024 * 1024)
})
