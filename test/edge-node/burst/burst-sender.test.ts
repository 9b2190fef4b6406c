import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { openEnvelope } from '../../../cloud/envelope-codec'
import { MAX_PUT_BYTES, MAX_PUT_RECORDS, type PutReport, type StreamRecord } from '../../../cloud/stream'
import { BurstSender } from '../../../edge-node/burst/stream-sender'
import { burstLingerMs, configSchema } from '../../../edge-node/config/config'
import { envelopeOf, keyOf } from '../../support/envelopes'
import { settled } from '../../support/manual-clock'
import { envelopeSenderContract, type HeldCall } from './envelope-sender.contract'

interface Call {
  readonly records: readonly StreamRecord[]
  readonly accept: (index: number) => void
  readonly answer: (report: PutReport) => Promise<void>
}

/** A stream whose calls the test answers. */
function heldStream(onCall: (call: Call) => void = () => {}) {
  const calls: Call[] = []
  const put = (records: readonly StreamRecord[], accept: (index: number) => void) =>
    new Promise<PutReport>((resolve) => {
      const answer = async (report: PutReport) => {
        resolve(report)
        await settled()
      }
      const call = { records, accept, answer }
      calls.push(call)
      onCall(call)
    })
  return { stream: { put }, calls }
}

function heldSender() {
  const { stream, calls } = heldStream()
  const accepted: number[] = []
  const failed: [envelope: number, isOutage: boolean][] = []
  const hooks = {
    accepted: ({ number }: { number: number }) => accepted.push(number),
    failed: ({ number }: { number: number }, isOutage: boolean) => failed.push([number, isOutage]),
  }
  const sender = new BurstSender(stream, hooks, { monotonicMs: () => 0 })
  return { sender, calls, accepted, failed }
}

function heldCall({ records, accept, answer }: Call): HeldCall {
  return {
    numbers: records.map(({ partitionKey }) => Number(partitionKey.split('-').at(-1))),
    succeed: () => {
      for (const index of records.keys()) accept(index)
      return answer(clean)
    },
    fail: (isOutage) =>
      answer({ failed: [...records.keys()], throttled: isOutage ? 0 : records.length, isOutage, cpuMs: 0 }),
  }
}

describe('through the stream', () => {
  envelopeSenderContract((hooks) => {
    const calls: HeldCall[] = []
    const { stream } = heldStream((call) => calls.push(heldCall(call)))
    return { sender: new BurstSender(stream, hooks), maxCalls: 4, calls }
  })
})

const small = (number: number) => envelopeOf(number, [`{"n":${number}}`])
/** Some hundreds of KB, also when compressed. */
const large = (number: number) => envelopeOf(number, [randomBytes(400_000).toString('latin1').replaceAll('\n', ' ')])
const bytesOf = ({ records }: Call) =>
  records.reduce((bytes, { data, partitionKey }) => bytes + data.length + partitionKey.length, 0)
const clean: PutReport = { failed: [], throttled: 0, isOutage: false, cpuMs: 2 }

describe('sending', () => {
  test('an envelope goes at once, sealed with its deadline, under the key that was chosen for it', () => {
    const { sender, calls } = heldSender()
    sender.send(small(7), 12_345, keyOf(7))
    const [record] = calls[0]!.records
    expect(record).toMatchObject({ partitionKey: 'lane-7', explicitHashKey: '7' })
    expect(openEnvelope(record!.data)).toMatchObject({ header: { reclaimAtMs: 12_345 }, envelope: small(7) })
  })

  test('what comes while four calls are in progress goes together, at most 500 records a call', async () => {
    const { sender, calls } = heldSender()
    for (let number = 0; number < 4 + 1_200; number++) sender.send(small(number), 0, keyOf(number))
    expect(calls.map(({ records }) => records.length)).toEqual([1, 1, 1, 1])
    for (const call of calls.slice()) await call.answer(clean)
    expect(calls.slice(4).map(({ records }) => records.length)).toEqual([MAX_PUT_RECORDS, MAX_PUT_RECORDS, 200])
    const keys = calls.flatMap(({ records }) => records.map(({ partitionKey }) => partitionKey))
    expect(keys).toEqual(Array.from({ length: 1_204 }, (_, number) => `lane-${number}`))
  })

  test('a call has at most 5 MB, keys included', async () => {
    const { sender, calls } = heldSender()
    for (let number = 0; number < 4; number++) sender.send(small(number), 0, keyOf(number))
    for (let number = 4; number < 20; number++) sender.send(large(number), 0, keyOf(number))
    await calls[0]!.answer(clean)
    while (calls.flatMap(({ records }) => records).length < 20) await calls.at(-1)!.answer(clean)
    for (const call of calls) expect(bytesOf(call)).toBeLessThanOrEqual(MAX_PUT_BYTES)
    const [full] = calls.slice(4)
    expect(bytesOf(full!)).toBeGreaterThan(MAX_PUT_BYTES - 1024 * 1024)
  })
})

describe('what came of it', () => {
  test('accepted envelopes are told as they are, failed ones when the call ends', async () => {
    const { sender, calls, accepted, failed } = heldSender()
    for (let number = 0; number < 7; number++) sender.send(small(number), 0, keyOf(number))
    await calls[0]!.answer(clean)
    calls[4]!.accept(2)
    expect([accepted, failed]).toEqual([[6], []])
    calls[4]!.accept(0)
    await calls[4]!.answer({ failed: [1], throttled: 3, isOutage: true, cpuMs: 0 })
    expect([accepted, failed]).toEqual([[6, 4], [[5, true]]])
  })

  test('a failed call makes room for the next like any other', async () => {
    const { sender, calls } = heldSender()
    for (let number = 0; number < 5; number++) sender.send(small(number), 0, keyOf(number))
    await calls[0]!.answer({ failed: [0], throttled: 0, isOutage: true, cpuMs: 0 })
    expect(calls.length).toBe(5)
  })

  test('the counters add up: records, bytes, units of 25 KB begun, throttled, failed', async () => {
    const { sender, calls } = heldSender()
    sender.send(small(0), 0, keyOf(0))
    sender.send(large(1), 0, keyOf(1))
    calls[0]!.accept(0)
    await calls[0]!.answer({ ...clean, throttled: 2 })
    calls[1]!.accept(0)
    await calls[1]!.answer(clean)
    sender.send(small(2), 0, keyOf(2))
    await calls[2]!.answer({ failed: [0], throttled: 8, isOutage: false, cpuMs: 0 })
    const sizes = calls.slice(0, 2).map(({ records }) => records[0]!.data.length)
    expect(sender.counters()).toEqual({
      records: 2,
      bytes: sizes[0]! + sizes[1]!,
      putUnits: 1 + Math.ceil(sizes[1]! / (25 * 1024)),
      throttled: 10,
      failed: 1,
      invocations: 0,
      divertMs: 4,
    })
  })
})

describe('the linger while bursting', () => {
  const lingerMs = (settings: object) => burstLingerMs({ ...configSchema.parse({}), ...settings }, 'fan-out')

  test('is a share of the target, by the way that envelopes go', () => {
    expect(lingerMs({})).toBe(60)
    expect(lingerMs({ transport: 'invoke' })).toBe(30)
    expect(lingerMs({ latencyTargetMs: 2_000 })).toBe(120)
  })

  test('is never shorter than at the edge', () => {
    expect(lingerMs({ latencyTargetMs: 100 })).toBe(10)
  })

  test('is what was set, where it was', () => {
    expect(lingerMs({ burstLingerMs: 80 })).toBe(80)
  })
})
