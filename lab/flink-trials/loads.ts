import type { FlinkRunOptions } from '../../scripts/flink/options'
import type { FlinkReport } from '../../scripts/flink/report'
import { runOnFlink } from '../../scripts/flink/run'
import type { Stoppable } from '../../scripts/processes/child'
import type { Place, Trial, TrialOutcome } from './trial'

/** Three times what the sidecar folds: little enough for two cores that run Kafka, Flink and all functions as well. */
const LOAD = {
  ...{ seconds: 36, rate: 200, peak: 1_500, spikeSeconds: 16, capacity: 500 },
  ...{ poison: 0.001, seed: 1, parallelism: 2, slowSeconds: 0, awaySeconds: 5, mode: 'auto' },
} as const satisfies Partial<FlinkRunOptions>

type Check = (report: FlinkReport) => readonly string[]

/** A run under a load, with what has to hold besides exact windows. */
export function loadTrial(
  { name, about, isShort = false }: { readonly name: string; readonly about: string; readonly isShort?: boolean },
  some: Partial<FlinkRunOptions>,
  check: Check = () => [],
): Trial {
  const run = async (place: Place, children: Stoppable[], say: (text: string) => void): Promise<TrialOutcome> => {
    const { report, comparison } = await runOnFlink({ ...LOAD, ...some, ...place }, children, say)
    const inexact = report.balanced ? [] : [`not exact: ${JSON.stringify(comparison).slice(0, 2_000)}`]
    return { failures: [...inexact, ...check(report)], figures: figuresOf(report), reports: [report] }
  }
  return { name, about, isShort, run }
}

/** Bursting has ended with the lag, and the cloud stands still. */
export const isAtRest: Check = ({ burst, windows, windowsWithBurst, invocationsAtRest, burstAtRest }) => [
  ...(burst > 0 && windowsWithBurst < windows ? [] : ['some windows have to have burst, and some not']),
  ...(invocationsAtRest === 0 ? [] : [`${invocationsAtRest} calls of functions after the lag was gone`]),
  ...(burstAtRest === 0 ? [] : [`${burstAtRest} events burst after the lag was gone`]),
]

const P99_SHARE = 0.05

/** The same spike with burst and under back-pressure, one after the other: p99 at most a twentieth. */
export const burstAgainstBackPressure: Trial = {
  name: 'spike',
  about: 'a spike of 4x for 20 s: with burst the p99 processing delay is at most 5 % of that under back-pressure',
  isShort: false,
  run: async (place, children, say) => {
    const spike = { ...LOAD, ...place, rate: 250, peak: 2_000, spikeSeconds: 20, seconds: 45 }
    const reports: FlinkReport[] = []
    for (const mode of ['auto', 'never'] as const) {
      say(`   mode ${mode}`)
      reports.push((await runOnFlink({ ...spike, mode }, children, say)).report)
      for (const child of children.splice(0).reverse()) await child.stop()
    }
    const [withBurst, without] = reports.map(({ processingDelayMs }) => processingDelayMs?.p99 ?? Number.NaN)
    const share = withBurst! / without!
    return {
      failures: [
        ...reports.filter(({ balanced }) => !balanced).map(({ mode }) => `mode ${mode} is not exact`),
        ...(share <= P99_SHARE ? [] : [`p99 with burst is ${(100 * share).toFixed(1)} % of that under back-pressure`]),
      ],
      figures: `p99 ${withBurst} ms with burst, ${without} ms under back-pressure: ${(100 * share).toFixed(1)} %; ${figuresOf(reports[0]!)}`,
      reports,
    }
  },
}

function figuresOf({ accepted, burst, windows, lagGoneAfterMs, processingDelayMs, maxLagMs }: FlinkReport): string {
  const lag = lagGoneAfterMs === null ? 'the lag not seen to be gone' : `lag gone ${lagGoneAfterMs} ms after the spike`
  const delay = processingDelayMs === null ? 'unknown' : `${processingDelayMs.p99} ms`
  return `${accepted} events, ${burst} of them burst, ${windows} windows; ${lag}, at most ${maxLagMs} ms; p99 delay ${delay}`
}
