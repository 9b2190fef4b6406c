import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { oracleWindows } from '../../../scripts/verify/oracle'
import { everything, runSplit, type Schedule, scheduleArbitrary } from './split-run'

const toJson = (value: unknown) => JSON.parse(JSON.stringify(value))

async function windowsOf(schedule: Schedule, burst: (envelope: number) => boolean) {
  const { windows } = await runSplit(schedule, burst)
  return windows
}

describe('the headline law', () => {
  test('for every way of splitting the input, the results are bit-identical to the all-edge run', async () => {
    const splits = fc.infiniteStream(fc.boolean())
    await fc.assert(
      fc.asyncProperty(scheduleArbitrary, splits, async (schedule, split) => {
        const decisions = [...split.take(1_000)]
        const edgeOnly = await windowsOf(schedule, () => false)
        const allBurst = await windowsOf(schedule, () => true)
        const mixed = await windowsOf(schedule, (envelope) => decisions[envelope % 1_000] ?? false)
        expect(toJson(allBurst.map(({ rows }) => rows))).toEqual(toJson(edgeOnly.map(({ rows }) => rows)))
        expect(JSON.stringify(mixed.map(({ rows }) => rows))).toBe(JSON.stringify(edgeOnly.map(({ rows }) => rows)))
      }),
      { numRuns: 150 },
    )
  })

  test('the results are those of an independent computation from the accepted lines and the answers alone', async () => {
    await fc.assert(
      fc.asyncProperty(scheduleArbitrary, fc.nat(3), async (schedule, share) => {
        const { windows, batches } = await runSplit(schedule, (envelope) => envelope % 4 < share)
        const expected = oracleWindows(batches, everything(schedule.shape).oracle)
        const found = windows.map(({ startMs, endMs, accepted, deadLettered, rows }) => ({
          start: startMs,
          end: endMs,
          accepted: accepted[0],
          deadLettered,
          rows,
        }))
        expect(toJson(found)).toEqual(toJson(expected))
      }),
      { numRuns: 150 },
    )
  })

  test('every window balances: accepted = edge + burst + dead-lettered', async () => {
    await fc.assert(
      fc.asyncProperty(scheduleArbitrary, async (schedule) => {
        for (const { accepted, edge, burst, deadLettered } of await windowsOf(schedule, (n) => n % 2 === 0)) {
          expect(edge + burst + deadLettered).toBe(accepted[0])
        }
      }),
      { numRuns: 50 },
    )
  })
})
