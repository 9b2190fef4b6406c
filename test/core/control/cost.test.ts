import { describe, expect, test } from '@jest/globals'
import {
  BASE_MACHINE,
  gbSeconds,
  idleUsdPerHour,
  machinesUsd,
  onDemandStreamUsd,
  PRICES,
  putUnitsOf,
  usageLines,
  usageUsd,
  usdPerMillionEvents,
  zeroUsage,
} from '../../../core/control/cost'

const GB = 2 ** 30

/**
 * A million envelopes of 60 KB, ten to an invocation, each folded for 0.5 s at 512 MB; 2 writes, 4 reads and 1 KB read
 * by the edge each.
 */
const MILLION_ENVELOPES = {
  ...zeroUsage(),
  kinesisRecords: 1e6,
  kinesisBytes: 60e9,
  kinesisPutUnits: 3e6, // x $0.014 a million = $0.042
  lambdaInvocations: 1e5, // x $0.20 a million = $0.02
  lambdaGbSeconds: 250_000, // x $0.0000133334 = $3.33335
  lambdaInitGbSeconds: 300, // x $0.0000133334 = $0.00400002
  writeUnits: 2e6, // x $0.625 a million = $1.25
  readUnits: 4e6, // x $0.125 a million = $0.50
  bytesOut: GB, // $0.09
}

describe('what a run costs', () => {
  test('a worked example comes to $5.24', () => {
    expect(usageUsd(MILLION_ENVELOPES)).toBeCloseTo(5.23935002, 8)
  })

  test.each([
    ['kinesisPutUnits', 0.014],
    ['lambdaInvocations', 0.2],
    ['lambdaGbSeconds', 13.3334],
    ['lambdaInitGbSeconds', 13.3334],
    ['writeUnits', 0.625],
    ['readUnits', 0.125],
  ] as const)('a million %s alone are $%d', (unit, usd) => {
    expect(usageUsd({ ...zeroUsage(), [unit]: 1e6 })).toBeCloseTo(usd, 10)
  })

  test('a GB that the edge reads is $0.09', () => {
    expect(usageUsd({ ...zeroUsage(), bytesOut: GB })).toBeCloseTo(0.09, 10)
  })

  test('records and bytes are shown and not billed: put units stand for them', () => {
    expect(usageUsd({ ...zeroUsage(), kinesisRecords: 1e9, kinesisBytes: 1e12 })).toBe(0)
  })

  test('a provisioned stream of 4 shards is $0.06 an hour, also when idle: $43.20 in 30 days', () => {
    expect(idleUsdPerHour(4, 'standard')).toBeCloseTo(0.06, 10)
    expect(idleUsdPerHour(4, 'standard') * 24 * 30).toBeCloseTo(43.2, 10)
    expect(idleUsdPerHour(0, 'fan-out')).toBe(0)
  })

  test('a consumer costs as much again for each shard and hour, and $0.013 a GB that is pushed to it', () => {
    expect(idleUsdPerHour(4, 'fan-out')).toBeCloseTo(0.12, 10)
    expect(usageUsd({ ...zeroUsage(), kinesisPushedBytes: 10 * GB })).toBeCloseTo(0.13, 10)
    const pushed = { ...zeroUsage(), kinesisBytes: GB, kinesisPushedBytes: GB }
    expect(onDemandStreamUsd(pushed, 0)).toBeCloseTo(0.08 + 0.05, 10)
  })

  test('a stream in on-demand mode is $0.04 an hour, $0.08 a GB in and $0.04 a GB read', () => {
    expect(onDemandStreamUsd(zeroUsage(), 24)).toBeCloseTo(0.96, 10)
    expect(onDemandStreamUsd({ ...zeroUsage(), kinesisBytes: 10 * GB }, 0)).toBeCloseTo(1.2, 10)
  })

  test('in on-demand mode a record counts as a KB begun', () => {
    expect(onDemandStreamUsd({ ...zeroUsage(), kinesisRecords: 2 ** 20 }, 0)).toBeCloseTo(0.08, 10)
  })

  test('events have a price a million; none have none', () => {
    expect(usdPerMillionEvents(MILLION_ENVELOPES, 500e6)).toBeCloseTo(0.0104787, 8)
    expect(usdPerMillionEvents(MILLION_ENVELOPES, 0)).toBe(0)
  })
})

describe('the bill', () => {
  test('has a line for each item, with its amount, unit and dollars', () => {
    expect(usageLines(MILLION_ENVELOPES).map(({ item, amount, unit }) => [item, amount, unit])).toEqual([
      ['Kinesis PUT payload units', 3e6, 'units of 25 KB'],
      ['Kinesis enhanced fan-out', 0, 'bytes'],
      ['Lambda requests', 1e5, 'requests'],
      ['Lambda duration', 250_000, 'GB-s'],
      ['Lambda init', 300, 'GB-s'],
      ['DynamoDB writes', 2e6, 'units of 1 KB'],
      ['DynamoDB reads', 4e6, 'units of 4 KB'],
      ['Data transfer out', GB, 'bytes'],
    ])
  })

  test('adds up to what the run costs', () => {
    const sum = usageLines(MILLION_ENVELOPES).reduce((total, { usd }) => total + usd, 0)
    expect(sum).toBeCloseTo(usageUsd(MILLION_ENVELOPES), 10)
  })

  test('says of where and when its prices are', () => {
    expect(PRICES).toMatchObject({ region: 'us-east-1', asOf: expect.stringMatching(/^20\d\d-\d\d$/) })
  })
})

describe('units', () => {
  test.each([
    [0, 0],
    [1, 1],
    [25_600, 1],
    [25_601, 2],
    [1_048_576, 41],
  ])('a record of %i bytes is %i payload units', (bytes, units) => {
    expect(putUnitsOf(bytes)).toBe(units)
  })

  test('half a second at 512 MB is a quarter of a GB-second', () => {
    expect(gbSeconds(500, 512)).toBe(0.25)
  })

  test('four base machines for a day', () => {
    expect(machinesUsd(4, 24)).toBeCloseTo(96 * BASE_MACHINE.usdPerHour, 10)
  })
})
