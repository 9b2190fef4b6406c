import { describe, expect, test } from '@jest/globals'
import { burstLingerMs, configSchema } from '../../edge-node/config'

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
