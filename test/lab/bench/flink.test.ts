import { describe, expect, test } from '@jest/globals'
import { planOf } from '../../../lab/bench/flink/flink'
import { FLINK_WAYS, type FlinkFigures, type FlinkSpikeRun, type HotRun } from '../../../lab/bench/flink/flink-figures'
import { judgeFlink, renderFlink } from '../../../lab/bench/flink/flink-report'
import { foldedAtMs, lagOfEdge } from '../../../lab/bench/flink/flink-spike'
import { byPart, descendants, type Part, partOf, readStat } from '../../../lab/bench/process-times'

const cpu = (given: Partial<Record<Part, number>>) => byPart((part) => given[part] ?? 0)

const runOf = (way: FlinkSpikeRun['way'], p99: number, more: Partial<FlinkSpikeRun> = {}): FlinkSpikeRun => ({
  ...{ way, accepted: 10_000, burst: 0, isExact: true, lagGoneAfterMs: 1_200, maxLagMs: p99, usd: 0 },
  processingDelayMs: { p50: p99 / 2, p99, max: p99 },
  windowReadAfterMs: { p50: 8_000, max: 9_000 },
  lag: [
    [0, 0],
    [1, p99],
    [2, 0],
  ],
  cpuMs: cpu({ broker: 100, TaskManager: 200, load: 5_000 }),
  ...more,
})

const hotOf = (system: HotRun['system'], given: Partial<Record<Part, number>>): HotRun => ({
  ...{ system, events: 1_000_000, seconds: 20 },
  cpuMs: cpu(given),
})

const figures: FlinkFigures = {
  ...{ capacity: 1_000, rate: 500, peak: 4_000, seconds: 60, spikeSeconds: 20, hotRate: 20_000 },
  runs: [
    runOf('flink, back-pressure', 60_000),
    runOf('flink, burst', 900, { burst: 4_000 }),
    runOf('edge node, burst', 600, { windowReadAfterMs: { p50: 7_300, max: 8_000 } }),
  ],
  hot: [
    hotOf('plain Flink', { broker: 500, TaskManager: 4_000 }),
    hotOf('Flink with the sidecar', { broker: 500, TaskManager: 6_000, sidecar: 11_500 }),
    hotOf('edge node', { 'edge node': 9_000 }),
  ],
}

describe('what must hold', () => {
  const holds = (runs: readonly FlinkSpikeRun[]) => judgeFlink({ runs }).map((promise) => promise.holds)

  test('is a twentieth of the p99 of back-pressure, no lag after 5 s, and that every window is exact', () => {
    expect(holds(figures.runs)).toEqual([true, true, true])
  })

  test.each<[string, Partial<FlinkSpikeRun>, boolean[]]>([
    ['a p99 above that', { processingDelayMs: { p50: 1, p99: 3_100, max: 4_000 } }, [false, true, true]],
    ['a lag that stays', { lagGoneAfterMs: null }, [true, false, true]],
    ['a lag that stays for longer', { lagGoneAfterMs: 5_001 }, [true, false, true]],
    ['a window that is not exact', { isExact: false }, [true, true, false]],
    ['a delay that nobody knows', { processingDelayMs: null }, [false, true, true]],
  ])('fails for %s', (_, more, expected) => {
    expect(holds([figures.runs[0]!, runOf('flink, burst', 900, more)])).toEqual(expected)
  })

  test('asks nothing of a run of the cheap work alone', () => {
    expect(holds([])).toEqual([])
  })
})

describe('the report', () => {
  const { markdown, plots } = renderFlink(figures)

  test('has delays, lag, windows and price of each way, and a plot of the lag', () => {
    expect(markdown).toMatch(/\| flink, back-pressure \| 30,000 \| 60,000 \| 60,000 \| 0.0 % \| 60,000 \| 1,200 \|/)
    expect(markdown).toMatch(/\| flink, burst \| 450 \| 900 \| 900 \| 40.0 % \|/)
    expect(plots.map(({ name }) => name)).toEqual(['lag'])
  })

  test('has the processor time an event by part and without the load, and events per CPU-second', () => {
    expect(markdown).toMatch(/\| plain Flink \| 0.50 \| - \| 4.00 \| - \| - \| - \| 4.50 \| 222,222 \|/)
    expect(markdown).toMatch(/\| Flink with the sidecar \| 0.50 \| - \| 6.00 \| 11.50 \| - \| - \| 18.00 \| 55,556 \|/)
  })

  test('says what processing delay means, and where Flink is better with the figures', () => {
    expect(markdown).toMatch(/Processing delay: from the time at which an event was due/)
    expect(markdown).toMatch(/Plain Flink takes 4.50 us .* 18.00 us \(4.0 times that\), the edge node 9.00 us/)
  })

  test('does not call Flink better at cheap work where it is not', () => {
    const hot = [hotOf('plain Flink', { TaskManager: 9_000 }), hotOf('Flink with the sidecar', { TaskManager: 8_000 })]
    expect(renderFlink({ ...figures, hot }).markdown).not.toContain('**Cheap work.**')
  })

  test('says nothing of processor time where nothing tells', () => {
    const hot = figures.hot.map((run) => ({ ...run, cpuMs: null }))
    expect(renderFlink({ ...figures, hot }).markdown).toMatch(/\| plain Flink \| - \| - \|/)
  })
})

describe('processor time', () => {
  test.each<[string, Part | null]>([
    ['java -cp lib/* kafka.Kafka server.properties', 'broker'],
    ['java org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint --configDir x', 'JobManager'],
    ['java org.apache.flink.runtime.taskexecutor.TaskManagerRunner --configDir x', 'TaskManager'],
    ['node --import tsx flink/sidecar/main.ts --listen unix:x', 'sidecar'],
    ['node --import tsx edge-node/main.ts --port 0', 'edge node'],
    ['node --import tsx localstack/embedded/main.ts --port 0', 'cloud'],
    ['java org.apache.kafka.tools.ConsoleProducer --topic x', 'load'],
    ['bash', null],
  ])('of %s is of the part %s', (command, part) => {
    expect(partOf(command)).toBe(part)
  })

  test('is read from /proc, whatever the name of the process', () => {
    const line = '4242 (a (b) c) S 17 4242 4242 0 -1 4194304 1 2 3 4 250 50 7 8 20 0 11 0 123 456 789'
    expect(readStat(line)).toEqual({ pid: 4242, parent: 17, ms: 3_000 })
  })

  test('is that of everything that was started, at any depth, and of nothing else', () => {
    const all = [
      [2, 1],
      [3, 2],
      [4, 3],
      [5, 9],
    ].map(([pid, parent]) => ({ pid: pid!, parent: parent!, ms: 1 }))
    expect(descendants(all, 2).map(({ pid }) => pid)).toEqual([3, 4])
  })
})

describe('the lag of the edge node', () => {
  const schedule = { total: 100, dueAt: (ms: number) => ms / 10, timeOf: (event: number) => event * 10 }

  test('is for how long the oldest event has been due that is not done', () => {
    const series = [
      { atMs: 1_100, doneEvents: 10 },
      { atMs: 1_500, doneEvents: 10 },
      { atMs: 3_000, doneEvents: 80 },
    ]
    const lag = lagOfEdge(series, schedule, 1_000)
    expect(lag.map(({ lagMs }) => lagMs)).toEqual([0, 300, 0])
    expect(foldedAtMs(lag, 1_000, 1)).toBe(3_000)
    expect(foldedAtMs(lag, 1_000, 60)).toBe(61_000)
  })
})

test('the plan counts the time in which back-pressure folds what did not fit', () => {
  const lengths = { spikeSeconds: 20, seconds: 60, hotSeconds: 20, warmSeconds: 10 }
  const [slow, fast] = planOf(FLINK_WAYS, true, 4, lengths)
  expect(slow!.estimateMs - fast!.estimateMs).toBe(60_000)
})
