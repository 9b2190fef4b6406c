import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import pino from 'pino'
import { CapacityFailure } from '../../../cloud/capacity'
import type { Capacity, CapacityStep } from '../../../core/control/capacity'
import { CapacityFile } from '../../../edge-node/burst/capacity-file'
import { CloudScaler, type LoadReading } from '../../../edge-node/burst/cloud-scaler'
import { callsBottleneck, callsInWords } from '../../../edge-node/burst/lane-planner'
import { ManualClock, settled } from '../../support/manual-clock'
import { DEPLOYED } from '../../support/sample-facts'
import { temporaryFolders } from '../../support/temporary-folder'

const NOTHING_KNOWN = Number.POSITIVE_INFINITY

describe('the width of calls, in words', () => {
  test.each([
    ['before the node runs', undefined, /^at most 16 functions are called side by side \(maxInvokes\)$/],
    ['while each envelope has a call', { inFlightEnvelopes: 16, ceilingRate: NOTHING_KNOWN }, /\(maxInvokes\)$/],
    [
      'while envelopes wait for one',
      { inFlightEnvelopes: 20, ceilingRate: NOTHING_KNOWN },
      /, and 4 envelopes wait.*raise it/,
    ],
    [
      'while Lambda throttles',
      { inFlightEnvelopes: 20, ceilingRate: 1_234.5 },
      /Lambda throttles beyond about 1235 events\/s/,
    ],
  ])('%s', (_, facts, words) => {
    expect(callsInWords(16, facts)).toMatch(words)
  })
})

describe('what limits calls', () => {
  test.each([
    ['is not known before the node runs', undefined, 'unknown'],
    ['is nothing while less than one more turn waits', { inFlightEnvelopes: 32, ceilingRate: NOTHING_KNOWN }, 'enough'],
    ['is how many may be called when more waits', { inFlightEnvelopes: 33, ceilingRate: NOTHING_KNOWN }, 'lanes'],
    ['is the account where Lambda throttles', { inFlightEnvelopes: 1, ceilingRate: 900 }, 'functions'],
  ])('%s', (_, facts, bottleneck) => {
    expect(callsBottleneck(16, facts)).toBe(bottleneck)
  })
})

const MINUTE_MS = 60_000
const MAX_TURNS = 100_000 // a scaler that has ended plans nothing more, and a loop without end outlives its test
const temporaryFolder = temporaryFolders()

/** An AWS that does at once what it is asked. */
class FakeCloud {
  capacity = DEPLOYED
  failure: CapacityFailure | undefined
  readFailure: CapacityFailure | undefined
  readonly steps: string[] = []

  async read(): Promise<Capacity> {
    if (this.readFailure) throw this.readFailure
    return this.capacity
  }

  async apply({ kind, to }: CapacityStep): Promise<void> {
    this.steps.push(`${kind} ${to}`)
    if (this.failure) throw this.failure
    this.capacity = { ...this.capacity, [kind]: to }
  }
}

const running: CloudScaler[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((scaler) => scaler.stop()))
})

/** Time passes in the steps of the scaler: it reads and writes a file between its ticks. */
async function pass(clock: ManualClock, durationMs: number): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += 1_000) {
    await clock.pass(1_000)
    for (let turns = 0; clock.pending === 0 && turns < MAX_TURNS; turns++) await settled()
  }
}

async function world({
  scaleCloud = 'on' as 'on' | 'off',
  dataDir = '',
  cloud = new FakeCloud(),
  stream = 'overflow',
} = {}) {
  const clock = new ManualClock()
  const lines: string[] = []
  const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line).msg) })
  const lanes: number[] = []
  const load: { -readonly [Key in keyof LoadReading]: LoadReading[Key] } = {
    ...{ bursting: false, excessRate: 3_000, laneRate: 500, inFlightEvents: 0, oldestInFlightMs: 0, sentRate: 0 },
    ...{ sentBytes: 0, throttledPuts: 0, throttledCalls: 0 },
  }
  const scaler = new CloudScaler({
    config: { scaleCloud, maxShards: 8, maxParallelization: 10 },
    cloud,
    file: new CapacityFile(dataDir, stream),
    load: () => load,
    onCapacity: ({ shards, parallelization }) => lanes.push(shards * parallelization),
    logger,
    clock,
  })
  running.push(scaler)
  await scaler.start()
  return { clock, cloud, lines, lanes, load, scaler }
}

describe('the capacity of the cloud half', () => {
  test('is raised when it is allowed, and the node learns of its new lanes', async () => {
    const { clock, cloud, load, lanes, scaler } = await world({ dataDir: await temporaryFolder() })
    await pass(clock, 12_000)
    load.bursting = true
    await pass(clock, 3_000)
    expect(cloud.steps).toEqual(['parallelization 5'])
    expect(lanes.at(-1)).toBe(10)
    expect(scaler.diagnosis).toBe('10 lanes for 3,000 events/s above what the edge folds')
    expect(scaler.bottleneck).toBe('enough')
  })

  test('is only spoken of when it is not allowed, once', async () => {
    const { clock, cloud, lines, load, scaler } = await world({ scaleCloud: 'off', dataDir: await temporaryFolder() })
    load.bursting = true
    await pass(clock, 30_000)
    expect(cloud.steps).toEqual([])
    const words =
      '8 lanes fold about 4,000 events/s, 4,500 are needed: raise the parallelization factor to 5 (scaleCloud is off)'
    expect(scaler.diagnosis).toBe(words)
    expect(lines).toEqual([`capacity of the cloud half: ${words}`])
  })

  test('follows the counters by their differences', async () => {
    const { clock, load, scaler } = await world({ scaleCloud: 'off', dataDir: await temporaryFolder() })
    Object.assign(load, { bursting: true, excessRate: 0, throttledPuts: 1_000 })
    await pass(clock, 2_000)
    expect(scaler.diagnosis).toMatch(/^8 lanes for 0 events/)
    load.throttledPuts += 7
    await pass(clock, 1_000)
    expect(scaler.diagnosis).toMatch(/7 puts a second are throttled/)
    expect(scaler.bottleneck).toBe('shards')
  })

  test('is taken back after a restart', async () => {
    const dataDir = await temporaryFolder()
    const first = await world({ dataDir })
    await pass(first.clock, 12_000)
    first.load.bursting = true
    await pass(first.clock, 3_000)
    await first.scaler.stop()
    const again = await world({ dataDir, cloud: first.cloud, scaleCloud: 'off' })
    await pass(again.clock, 6 * MINUTE_MS)
    expect(first.cloud.steps).toEqual(['parallelization 5', 'parallelization 4'])
    expect(first.cloud.capacity).toEqual(DEPLOYED)
  })

  test('that was raised of another stream is none of this one', async () => {
    const dataDir = await temporaryFolder()
    const raised = { parallelization: { from: 2, to: 4 } }
    await writeFile(
      join(dataDir, 'cloud-capacity.json'),
      JSON.stringify({ stream: 'other', raised, shardUpdatesMs: [] }),
    )
    const { clock, cloud } = await world({ dataDir })
    await pass(clock, 6 * MINUTE_MS)
    expect(cloud.steps).toEqual([])
  })

  test('leaves no file behind where nothing was ever raised', async () => {
    const dataDir = await temporaryFolder()
    const { clock } = await world({ dataDir })
    await pass(clock, 5_000)
    expect(existsSync(join(dataDir, 'cloud-capacity.json'))).toBe(false)
  })

  test('that AWS refuses to change is asked for again when that may help, and the log says why', async () => {
    const cloud = new FakeCloud()
    cloud.failure = new CapacityFailure('forbidden', 'parallelization of overflow to 5', 'not authorized')
    const { clock, load, lines } = await world({ cloud, dataDir: await temporaryFolder() })
    await pass(clock, 12_000)
    load.bursting = true
    await pass(clock, 9 * MINUTE_MS)
    expect(cloud.steps).toEqual(['parallelization 5'])
    expect(lines).toContain('the capacity of the cloud half was not changed')
    await pass(clock, 2 * MINUTE_MS)
    expect(cloud.steps).toHaveLength(2)
  })

  test('is not changed where that could not be remembered', async () => {
    const dataDir = join(await temporaryFolder(), 'a-file')
    await writeFile(dataDir, '')
    const { clock, cloud, load, lines } = await world({ dataDir })
    await pass(clock, 12_000)
    load.bursting = true
    await pass(clock, 30_000)
    expect(cloud.steps).toEqual([])
    expect(lines.filter((line) => line === 'what is raised in the cloud cannot be remembered')).toHaveLength(1)
  })

  test('that somebody else has changed is known within a minute, and within ten seconds while there is bursting', async () => {
    const { clock, cloud, lanes, load } = await world({ scaleCloud: 'off', dataDir: await temporaryFolder() })
    await pass(clock, 3_000)
    cloud.capacity = { ...DEPLOYED, shards: 4 }
    await pass(clock, MINUTE_MS)
    expect(lanes.at(-1)).toBe(16)
    load.bursting = true
    await pass(clock, 3_000)
    cloud.capacity = { ...DEPLOYED, shards: 8 }
    await pass(clock, 10_000)
    expect(lanes.at(-1)).toBe(32)
  })

  test('is unknown while it cannot be read, and known again after', async () => {
    const cloud = new FakeCloud()
    cloud.readFailure = new CapacityFailure('unreachable', 'stream overflow', 'no route')
    const { clock, scaler } = await world({ cloud, dataDir: await temporaryFolder() })
    await pass(clock, 2_000)
    expect(scaler.diagnosis).toMatch(/cannot be read: stream overflow: no route/)
    expect(scaler.bottleneck).toBe('unknown')
    cloud.readFailure = undefined
    await pass(clock, 12_000)
    expect(scaler.diagnosis).toBe('nothing bursts')
  })
})
