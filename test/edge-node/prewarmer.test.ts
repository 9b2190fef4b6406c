import { describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { Prewarmer } from '../../edge-node/prewarmer'
import { settled } from './manual-clock'

const logger = pino({ level: 'silent' })
const WARM_MS = 120_000

function prewarmer(lanes: number, answer = async (): Promise<unknown> => null) {
  const payloads: unknown[] = []
  const invoke = (payload: unknown) => {
    payloads.push(payload)
    return answer()
  }
  return { payloads, warm: new Prewarmer({ invoke }, lanes, logger) }
}

describe('warming up', () => {
  test('asks for an instance a lane at once, with batches without records', () => {
    const { payloads, warm } = prewarmer(4, () => new Promise(() => {}))
    warm.prewarm(0)
    expect(payloads).toEqual([{ Records: [] }, { Records: [] }, { Records: [] }, { Records: [] }])
    expect(warm.invocations).toBe(4)
  })

  test('does nothing while they are warm, and asks again after that', () => {
    const { payloads, warm } = prewarmer(2)
    for (const nowMs of [0, 100, WARM_MS - 1]) warm.prewarm(nowMs)
    expect(payloads.length).toBe(2)
    warm.prewarm(WARM_MS)
    expect(payloads.length).toBe(4)
  })

  test('work keeps them warm', () => {
    const { payloads, warm } = prewarmer(1)
    warm.worked(1_000)
    warm.prewarm(1_000 + WARM_MS - 1)
    expect(payloads).toEqual([])
    warm.prewarm(1_000 + WARM_MS)
    expect(payloads.length).toBe(1)
  })

  test('that fails is no failure of the node and counts as a call', async () => {
    const { warm } = prewarmer(3, async () => {
      throw new Error('throttled')
    })
    warm.prewarm(0)
    await settled()
    expect(warm.invocations).toBe(3)
  })
})
