import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parseSimulateArguments } from '../../../scripts/simulate/cli'
import { cheapest, type PlanPoint } from '../../../scripts/simulate/plan'
import { run } from '../../../scripts/simulate/run'
import { questionOf } from './fixture'

const silent = () => {}

async function fileWith(text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'simulate-')), 'file')
  await writeFile(file, text)
  return file
}

const TRACE = 'start_s,events\n0,500\n1,4000\n2,4000\n3,100\n4,100\n'

describe('the command line', () => {
  test('explains every option', () => {
    const command = parseSimulateArguments(['--help'])
    expect(command.kind === 'text' && command.text).toMatch(/--mean-rate.*--plan.*--live/s)
  })

  test.each([
    [['--base', '5'], /--trace/],
    [['--trace', 'x'], /--base is needed/],
    [['--trace', 'x', '--base', '0'], /number from/],
    [['--trace', 'x', '--base', '5', '--policy', 'magic'], /one of spillway, none/],
    [['--trace', 'x', '--base', '5', '--must-hold', '--plan'], /not both/],
  ])('refuses %j in words', (args, message) => {
    const command = parseSimulateArguments(args)
    expect(command.kind === 'wrong' && command.message).toMatch(message)
  })

  test('asks about each trace and each base', () => {
    const args = ['--trace', 'a', '--trace', 'b', '--base', '5', '--base', '7', '--must-hold']
    const command = parseSimulateArguments(args)
    const asked = command.kind === 'run' && command.questions.map(({ trace, base }) => [trace, base])
    expect(asked).toEqual([
      ['a', 5],
      ['a', 7],
      ['b', 5],
      ['b', 7],
    ])
  })
})

describe('files', () => {
  test('a trace that is not there is named, and what to do', async () => {
    const question = { ...questionOf(), trace: '/nowhere/trace.csv' }
    await expect(run(question, silent, silent)).rejects.toThrow(/\/nowhere\/trace.csv cannot be read.*--trace/)
  })

  test('a report that is none of a run is named, and what to do', async () => {
    const live = await fileWith('{}')
    await expect(run({ ...questionOf(), live }, silent, silent)).rejects.toThrow(/is not of a run; give --live/)
  })
})

describe('a report', () => {
  test('has the figures of each policy, and the assumptions', async () => {
    const question = { ...questionOf(), trace: await fileWith(TRACE), policies: ['spillway', 'none'] as const }
    const report = await run(question, silent, silent)
    expect(report).toMatchObject({
      base: 1_000,
      peakRate: 4_000,
      assumptions: { laneRate: 1_000, cloud: { shards: 1 } },
    })
    expect(report.policies.map(({ name }) => name)).toEqual(['spillway', 'none'])
    expect(report.policies[1]!.burst).toBe(0)
  })

  test('compares the prediction with a run of the same trace, under its capacity and lanes', async () => {
    const measured = {
      capacity: 2_000,
      accepted: 8_700,
      burst: 3_000,
      processingDelayMs: { p50: 500, p99: 1_500 },
      lanes: { shards: 2, parallelization: 4 },
      cloud: { usd: 0.0001, kinesisBytes: 60_000, kinesisRecords: 10 },
    }
    const live = await fileWith(JSON.stringify(measured))
    const { base: _base, ...question } = questionOf('--policy', 'spillway')
    const report = await run({ ...question, trace: await fileWith(TRACE), live }, silent, silent)
    expect(report.base).toBe(2_000)
    expect(report.assumptions).toMatchObject({ sealedEventBytes: 20, cloud: { shards: 2, parallelization: 4 } })
    expect(report.validation?.map(({ figure }) => figure)).toEqual(['p50 ms', 'p99 ms', 'burst share', 'burst $'])
  })
})

describe('a plan', () => {
  const point = (base: number, usdPerHour: number, meetsTarget: boolean) =>
    ({ base, usdPerHour, meetsTarget }) as PlanPoint

  test('takes the cheapest base that meets the target', () => {
    const points = [point(1, 1, false), point(2, 3, true), point(3, 2, true), point(4, 4, true)]
    expect(cheapest(points)?.base).toBe(3)
    expect(cheapest([point(1, 1, false)])).toBeNull()
  })

  test('asks bases up to the peak, at which nothing is over the target', async () => {
    const question = questionOf('--plan', '--max-over-target', '0')
    const { plan } = await run({ ...question, trace: await fileWith(TRACE) }, silent, silent)
    expect(plan?.points.at(-1)).toMatchObject({ meetsTarget: true, overTarget: 0 })
    expect(plan?.recommended?.overTarget).toBe(0)
  })
})
