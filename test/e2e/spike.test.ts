import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { LetterPage } from '../../edge-node/dead-letters/dead-letters'
import { ensurePackaged } from '../../localstack/package'
import type { Child } from '../../scripts/processes/child'
import { type RunOutcome, run } from '../../scripts/start/run'

/** The main job in small: real processes, real SDK calls, the functions of the packaged template. */
describe('a short spike through the embedded cloud', () => {
  const children: Child[] = []
  let folder: string
  let outcome: RunOutcome

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spillway-e2e-'))
    await ensurePackaged({ onProgress: () => undefined })
    const load = { seconds: 9, base: 0.5, peak: 4, spikeSeconds: 4, speedup: 1, mean: 1, seed: 7, poison: 0.01 }
    outcome = await run(
      { pipeline: 'bids', transport: 'kinesis', port: 0, dataDir: join(folder, 'run'), ...load },
      children,
      () => undefined,
    )
  }, 180_000)

  afterAll(async () => {
    for (const child of children.reverse()) await child.stop()
    await rm(folder, { recursive: true, force: true })
  }, 30_000)

  test('no window is missing, extra or mismatched', () => {
    const { missing, extra, mismatched, windows } = outcome.report
    expect(outcome.differences).toBeNull()
    expect({ missing, extra, mismatched }).toEqual({ missing: 0, extra: 0, mismatched: 0 })
    expect(windows).toBeGreaterThan(0)
  })

  test('accepted = edge + burst + dead-lettered, with something in each', () => {
    const { accepted, edge, burst, deadLettered, balanced } = outcome.report
    expect(edge + burst + deadLettered).toBe(accepted)
    expect(balanced).toBe(true)
    expect(Math.min(edge, burst, deadLettered)).toBeGreaterThan(0)
  })

  test('the overflow went through Kinesis, Lambda and DynamoDB, and windows with burst were merged there', () => {
    const { cloud, windowsWithBurst } = outcome.report
    expect(windowsWithBurst).toBeGreaterThan(0)
    expect(cloud.kinesisRecords).toBeGreaterThan(0)
    expect(cloud.lambdaInvocations).toBeGreaterThan(0)
    expect(cloud.writeUnits).toBeGreaterThan(0)
    expect(cloud.readUnits).toBeGreaterThan(0)
    expect(cloud.usd).toBeGreaterThan(0)
  })

  test('nothing burst before the spike, and of what arrived above the capacity over half did', () => {
    const { burstBeforeSpike, burst, aboveCapacity } = outcome.report
    expect(burstBeforeSpike).toBe(0)
    expect(burst).toBeGreaterThan(aboveCapacity / 2)
  })

  test('dead letters are listed once, with their line', async () => {
    const answer = await fetch(`${outcome.url}/v1/dead-letters?limit=1000`)
    const { deadLetters } = (await answer.json()) as LetterPage
    expect(deadLetters).toHaveLength(outcome.report.deadLettered)
    expect(deadLetters.every(({ code, line }) => code === 'map_failed' && JSON.parse(line).price === 0)).toBe(true)
  })
})
