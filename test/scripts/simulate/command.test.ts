import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parseSimulateArguments } from '../../../scripts/simulate/cli'
import { main, plan } from '../../../scripts/simulate/command'
import { bestOf, chosen, type PlanPoint, planTable, verdict, type Way } from '../../../scripts/simulate/plan'
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

describe('with --json', () => {
  async function answerOf(command: typeof main, ...args: readonly string[]) {
    const out: string[] = []
    const code = await command(args, { out: (line) => out.push(line), err: silent })
    return { code, printed: JSON.parse(out.join('\n')) }
  }

  test('the report is one document, of several traces or bases a list', async () => {
    const trace = await fileWith(TRACE)
    const one = await answerOf(main, '--trace', trace, '--base', '1000', '--policy', 'spillway', '--json')
    expect(one).toMatchObject({ code: 0, printed: { base: 1_000, policies: [{ name: 'spillway' }] } })
    const more = ['--base', '2000', '--policy', 'none', '--json']
    const two = await answerOf(main, '--trace', trace, '--base', '1000', ...more)
    expect(two.printed.map(({ base }: { base: number }) => base)).toEqual([1_000, 2_000])
  })

  test('a plan is, too, and is what simulate --plan answers', async () => {
    const args = ['--trace', await fileWith(TRACE), '--base', '1000', '--json']
    const { printed } = await answerOf(plan, ...args)
    expect(printed.plan.best).toHaveLength(4)
    expect(printed).toEqual((await answerOf(main, '--plan', ...args)).printed)
  }, 60_000) // two plans of some 50 simulations each
})

describe('files', () => {
  test('a trace that is not there is named, and what to do', async () => {
    const question = { ...questionOf(), trace: '/nowhere/trace.csv' }
    await expect(run(question, silent, silent)).rejects.toThrow(/\/nowhere\/trace.csv cannot be read.*--trace/)
  })

  test('a report that is none of a run is named, and what to do', async () => {
    const live = await fileWith('{}')
    await expect(run({ ...questionOf(), live }, silent, silent)).rejects.toThrow(
      /is not of a run by this version; give --live/,
    )
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
})

describe('a comparison with a run', () => {
  const RUN = {
    capacity: 2_000,
    burst: 3_000,
    overTarget: 0.02,
    latencyTargetMs: 1_500,
    processingDelayMs: { p50: 500, p99: 1_500 },
    load: { events: 17_400, seconds: 2.5, profile: { kind: 'trace', file: 'far/away/trace.csv', speedup: 2 } },
    way: { transport: 'kinesis', lanes: 8, laneRate: 1_900 },
    lanes: { shards: 2, parallelization: 4, consumer: 'standard' },
    cloud: { usd: 0.0001, kinesisBytes: 60_000, lambdaInitGbSeconds: 0 },
  }

  async function compare(measured: object, ...args: readonly string[]) {
    const trace = join(await mkdtemp(join(tmpdir(), 'simulate-')), 'trace.csv')
    await writeFile(trace, TRACE)
    const { base: _base, ...question } = questionOf('--policy', 'spillway', ...args)
    const shown: string[] = []
    const show = (text: string) => shown.push(text)
    const report = await run({ ...question, trace, live: await fileWith(JSON.stringify(measured)) }, silent, show)
    return { ...report, text: shown.join('\n') }
  }

  test("is under the run's capacity, lanes, sizes, target and load, and says so", async () => {
    const report = await compare(RUN)
    expect(report).toMatchObject({ base: 2_000, latencyTargetMs: 1_500, speedup: 2, meanRate: 6_960 })
    expect(report.assumptions).toMatchObject({
      ...{ sealedEventBytes: 20, laneRate: 1_900 },
      cloud: { shards: 2, parallelization: 4, consumer: 'standard' },
    })
    expect(report.text).toContain('As in the run: 17,400 events, 6,960 a second on average and 2 times as fast')
  })

  test('has each figure that the simulator gives', async () => {
    const { validation } = await compare(RUN)
    const figures = ['events', 'p50 ms', 'p99 ms', 'over target', 'burst share', 'burst $', 'burst $ a million']
    expect(validation?.map(({ figure }) => figure)).toEqual(figures)
    expect(validation?.[0]).toMatchObject({ predicted: 17_400, measured: 17_400, ratio: 1 })
  })

  test('takes as many calls as there were, by invoke', async () => {
    const { assumptions } = await compare({ ...RUN, way: { ...RUN.way, transport: 'invoke', lanes: 64 } })
    expect(assumptions.cloud).toMatchObject({ transport: 'invoke', parallelization: 64 })
  })

  test.each<[string, object, readonly string[], RegExp]>([
    ['another rate', RUN, ['--mean-rate', '100'], /had 6,960 events\/s on average: give that as --mean-rate, or none/],
    [
      'another trace',
      { ...RUN, load: { ...RUN.load, profile: { kind: 'trace', file: 'other.csv' } } },
      [],
      /replayed other.csv: give it as --trace, not trace.csv/,
    ],
    [
      'a load that was no trace',
      { ...RUN, load: { ...RUN.load, profile: { kind: 'spike' } } },
      [],
      /by the profile spike, not by a trace; give --live/,
    ],
    ['a report without its load', { ...RUN, load: undefined }, [], /not of a run by this version; give --live/],
  ])('refuses %s, which would say nothing', async (_, measured, args, message) => {
    await expect(compare(measured, ...args)).rejects.toThrow(message)
  })
})

describe('a plan', () => {
  const point = (way: Way, usdPerHour: number, some: Partial<PlanPoint> = {}): PlanPoint => ({
    ...{ way, base: 1_000, shards: null, usdPerHour, meetsTarget: true, overTarget: 0, burst: 50, accepted: 1_000 },
    processingDelayMs: { p50: 1, p99: 600, max: 900 },
    usdPerHourParts: { machines: 0.01, burst: 0.002, stream: 0 },
    ...some,
  })
  const late = { meetsTarget: false, overTarget: 0.2 }
  const planOf = (...best: readonly PlanPoint[]) => ({
    ...{ maxOverTarget: 0.01, latencyTargetMs: 1_000, points: best },
    ...chosen(best),
  })

  test('takes the cheapest base of a way that meets the target, else the one that comes nearest to it', () => {
    const points = [point('invoke', 1, late), point('invoke', 3), point('invoke', 2), point('invoke', 4)]
    expect(bestOf(points).usdPerHour).toBe(2)
    expect(bestOf([point('invoke', 1, late), point('invoke', 5, { ...late, overTarget: 0.1 })]).usdPerHour).toBe(5)
  })

  test('says which way to take, why, and what the next one costs more', () => {
    const plan = planOf(
      point('kinesis, standard', 0.01, late),
      point('kinesis, fan-out', 0.06),
      point('machines alone', 0.04),
    )
    expect(verdict(plan)).toBe(
      'Take machines alone, with a base of 1,000 events/s: for $0.0400 an hour it is the cheapest that keeps 99.0 % of the events ' +
        'within 1,000 ms. Next is kinesis, fan-out, with a base of 1,000 events/s, which costs $0.0200 an hour or $14.60 a month more (50 %). ' +
        'Start the node with --mode never: nothing bursts then.',
    )
  })

  test.each<[Way, RegExp]>([
    [
      'invoke',
      /npx sls deploy --param="transport=invoke", and start the node with --transport invoke: at rest it costs/,
    ],
    ['kinesis, standard', /Deploy it with: npx sls deploy --param="consumer=standard"\.$/],
    ['kinesis, fan-out', /That is what npx sls deploy deploys\.$/],
  ])('says how %s is deployed', (way, how) => {
    expect(verdict(planOf(point(way, 0.04), point('machines alone', 0.05)))).toMatch(how)
  })

  test('says what the stream would cost that invoke does without', () => {
    expect(verdict(planOf(point('invoke', 0.04)))).toMatch(
      /two shards and a consumer.* \$0.0600 an hour or \$43.80 a month more/,
    )
  })

  test('says where one way alone keeps the target, and where none does which comes nearest', () => {
    expect(verdict(planOf(point('invoke', 1), point('machines alone', 2, late)))).toContain('No other way does.')
    const none = planOf(point('kinesis, standard', 1, late), point('invoke', 2, { ...late, overTarget: 0.05 }))
    expect(verdict(none)).toMatch(/^No way keeps 99.0 % .*: invoke comes nearest, with 5.00 % over. Allow more by/)
  })

  test('is a table of a line for each way, with base, shards, delays and dollars', () => {
    const [titles, ...lines] = planTable(planOf(point('kinesis, fan-out', 0.06, { shards: 2 }), point('invoke', 0.04)))
      .split('\n')
      .map((line) => line.split(/ {2,}/))
    expect(titles?.slice(0, 8)).toEqual(['way', 'base', 'shards', 'p99 ms', 'over target', 'burst', 'met', '$/h'])
    expect(lines[0]).toEqual([
      ...['kinesis, fan-out', '1,000', '2', '600', '0.00 %', '5.00 %', 'yes'],
      ...['$0.0600', '$0.0100', '$0.0020', '$0.0000', '$43.80'],
    ])
    expect(lines[1]?.slice(0, 3)).toEqual(['invoke', '1,000', '-'])
  })

  test('asks bases up to the peak for each way, at which nothing is over the target', async () => {
    const question = questionOf('--plan', '--max-over-target', '0')
    const { plan } = await run({ ...question, trace: await fileWith(TRACE) }, silent, silent)
    expect(plan?.best.map(({ way }) => way)).toEqual([
      'machines alone',
      'kinesis, standard',
      'kinesis, fan-out',
      'invoke',
    ])
    for (const { way } of plan!.best) {
      const highest = plan!.points.filter((each) => each.way === way).at(-1)
      expect(highest?.base).toBeCloseTo(4_000, 6)
      expect(highest?.overTarget).toBe(0)
    }
    expect(plan?.recommended?.overTarget).toBe(0)
  })
})
