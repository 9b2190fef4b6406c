import { describe, expect, test } from '@jest/globals'
import type { CapacityMeter } from '../../../cloud/item-store'
import { zeroUsage } from '../../../core/control/cost'
import type { Work } from '../../../core/protocol/protocol'
import type { SendCounters } from '../../../edge-node/burst/envelope-sender'
import { CloudUsage } from '../../../edge-node/burst/usage'

const NOTHING_SENT: SendCounters = {
  records: 0,
  bytes: 0,
  putUnits: 0,
  invocations: 0,
  throttled: 0,
  failed: 0,
  divertMs: 0,
}
const work = (requestId: string, more: Partial<Work> = {}): Work => ({
  requestId,
  ms: 500,
  memoryMb: 1024,
  writeUnits: 2,
  ...more,
})
const total = (usage: CloudUsage, sent: Partial<SendCounters> = {}, prewarmed = 0, own: CapacityMeter[] = []) =>
  usage.total({ ...NOTHING_SENT, ...sent }, prewarmed, own, 'standard')

describe('what the cloud half has used', () => {
  test('is nothing at first', () => {
    expect(total(new CloudUsage())).toEqual(zeroUsage())
  })

  test('are the envelopes of one invocation once as an invocation, and each by its time and its writes', () => {
    const usage = new CloudUsage()
    for (const requestId of ['a', 'a', 'b']) usage.headSeen(work(requestId), 100)
    expect(total(usage)).toEqual({ ...zeroUsage(), lambdaInvocations: 2, lambdaGbSeconds: 1.5, writeUnits: 6 })
  })

  test('is the start of an instance, in the head that tells of it', () => {
    const usage = new CloudUsage()
    usage.headSeen(work('a', { initMs: 250, memoryMb: 2048 }), 1)
    usage.headSeen(work('b', { memoryMb: 2048 }), 1)
    expect(total(usage)).toMatchObject({ lambdaGbSeconds: 2, lambdaInitGbSeconds: 0.5 })
  })

  test('are merges, with what they read and wrote', () => {
    const usage = new CloudUsage()
    usage.merged({ ms: 250, memoryMb: 512, readUnits: 7, writeUnits: 3 })
    expect(total(usage)).toEqual({
      ...zeroUsage(),
      lambdaInvocations: 1,
      lambdaGbSeconds: 0.125,
      readUnits: 7,
      writeUnits: 3,
    })
  })

  test('are records, bytes and payload units of the stream, and calls made to warm instances', () => {
    const used = total(new CloudUsage(), { records: 3, bytes: 70_000, putUnits: 4 }, 8)
    expect(used).toEqual({
      ...zeroUsage(),
      kinesisRecords: 3,
      kinesisBytes: 70_000,
      kinesisPutUnits: 4,
      lambdaInvocations: 8,
    })
  })

  test('are calls that the edge made itself, whether or not they left a head', () => {
    const usage = new CloudUsage()
    usage.headSeen(work('a'), 1)
    expect(total(usage, { invocations: 3 }).lambdaInvocations).toBe(3)
  })

  test('is what the edge itself reads and writes; what it reads leaves AWS in base64', () => {
    const meters = [
      { readUnits: 5, readBytes: 3_000, writeUnits: 1 },
      { readUnits: 1, readBytes: 0, writeUnits: 2 },
    ]
    expect(total(new CloudUsage(), {}, 0, meters)).toMatchObject({ readUnits: 6, writeUnits: 3, bytesOut: 4_000 })
  })

  test('an invocation stays counted once, however many there are between its heads; memory is bounded', () => {
    const usage = new CloudUsage()
    for (let request = 0; request < 10_000; request++) usage.headSeen(work(String(request)), 1)
    usage.headSeen(work('0'), 1)
    expect(total(usage).lambdaInvocations).toBe(10_000)
  })
})

describe('the rate of a lane', () => {
  test('is unknown at first', () => {
    expect(new CloudUsage().laneRate).toBe(0)
  })

  test('is the events over the time that the functions took for them', () => {
    const usage = new CloudUsage()
    usage.headSeen(work('a', { ms: 100 }), 300)
    usage.headSeen(work('b', { ms: 300 }), 500)
    expect(usage.laneRate).toBe(2_000)
  })

  test('follows a cost that changes, however much was folded before', () => {
    const usage = new CloudUsage()
    for (let envelope = 0; envelope < 10_000; envelope++) usage.headSeen(work('a', { ms: 100 }), 1_000)
    for (let envelope = 0; envelope < 100; envelope++) usage.headSeen(work('b', { ms: 1_000 }), 1_000)
    expect(usage.laneRate).toBeGreaterThan(900)
    expect(usage.laneRate).toBeLessThan(1_100)
  })
})
