import { describe, expect, test } from '@jest/globals'
import { idleUsdPerHour, usageUsd, zeroUsage } from '../../core/cost'

describe('what a run costs', () => {
  test('a worked example: a million envelopes of 60 KB, each folded for 0.5 s at 512 MB', () => {
    // 3 put units, 1 invocation for 10 envelopes, 0.25 GB-s, 2 writes and 4 reads each
    const usage = {
      kinesisRecords: 1e6,
      kinesisBytes: 60e9,
      kinesisPutUnits: 3e6, // x $0.014 a million = $0.042
      lambdaInvocations: 1e5, // x $0.20 a million = $0.02
      lambdaGbSeconds: 250_000, // x $0.0000133334 = $3.33335
      writeUnits: 2e6, // x $0.625 a million = $1.25
      readUnits: 4e6, // x $0.125 a million = $0.50
    }
    expect(usageUsd(usage)).toBeCloseTo(5.14535, 10)
  })

  test.each([
    ['kinesisPutUnits', 0.014],
    ['lambdaInvocations', 0.2],
    ['lambdaGbSeconds', 13.3334],
    ['writeUnits', 0.625],
    ['readUnits', 0.125],
  ] as const)('a million %s alone are $%d', (unit, usd) => {
    expect(usageUsd({ ...zeroUsage(), [unit]: 1e6 })).toBeCloseTo(usd, 10)
  })

  test('records and bytes are shown and not billed: put units stand for them', () => {
    expect(usageUsd({ ...zeroUsage(), kinesisRecords: 1e9, kinesisBytes: 1e12 })).toBe(0)
  })

  test('a provisioned stream of 4 shards is $0.06 an hour, also when idle: $43.20 in 30 days', () => {
    expect(idleUsdPerHour(4)).toBeCloseTo(0.06, 10)
    expect(idleUsdPerHour(4) * 24 * 30).toBeCloseTo(43.2, 10)
    expect(idleUsdPerHour(0)).toBe(0)
  })
})
