import { pc } from '../command-line/colours'
import type { LoadReport } from '../load/report'
import type { VerifyReport } from '../verify/report'
import type { ServedWindow } from '../verify/served'

const n = (count: number) => count.toLocaleString('en-US')

/** The outcome of one scenario as a person reads it. */
export function verdictOf(report: ChaosReport): string {
  const { scenario, seed, skipped, failed, faults, seconds } = report
  const name = `${scenario}, seed ${seed}`
  if (skipped !== undefined) return pc.yellow(`SKIPPED ${name}: ${skipped}`)
  if (failed !== undefined) return pc.red(`FAILED ${name}: ${failed}`)
  const done = Object.entries(faults).map(([kind, count]) => `${count} x ${kind}`)
  return [
    headline(name, report),
    `  faults       ${done.join(', ') || 'none'}`,
    `  accepted     ${n(report.accepted)} = edge ${n(report.edge)} + burst ${n(report.burst)} + dead letters ${n(report.deadLettered)}; late ${n(report.late)}`,
    `  windows      ${report.windows}, of them ${report.windowsWithBurst} with burst; missing ${report.missing}, extra ${report.extra}, mismatched ${report.mismatched}`,
    `  load         ${n(report.load?.retries ?? 0)} requests sent again`,
    ...Object.entries(report.warnings).map(([warning, count]) => `  warned       ${count} x ${warning}`),
    ...report.broken.map((promise) => pc.red(`  not kept     ${promise}`)),
    `  took         ${Math.round(seconds)} s`,
  ].join('\n')
}

function headline(name: string, report: ChaosReport): string {
  if (isPassed(report)) return pc.green(`EXACT ${name}: nothing lost, nothing counted twice.`)
  if (report.exact) return pc.red(`EXACT, BUT NOT AS PROMISED ${name}: see below.`)
  return pc.red(`NOT EXACT ${name}: the differences are in the report.`)
}

/** What a scenario came to. Counts are events unless their name says otherwise. */
export interface ChaosReport {
  readonly scenario: string
  readonly seed: number
  /** Faults that were done, by kind. */
  readonly faults: Readonly<Record<string, number>>
  readonly accepted: number
  readonly late: number
  /** Where the accepted events of final windows were counted. */
  readonly edge: number
  readonly burst: number
  readonly deadLettered: number
  readonly windows: number
  readonly windowsWithBurst: number
  readonly missing: number
  readonly extra: number
  readonly mismatched: number
  /** Batches whose answer does not fit what was sent, or whose key had two contents. */
  readonly wrongAnswers: number
  /** Every window is what an independent computation gives, and accepted = edge + burst + deadLettered. */
  readonly exact: boolean
  /** Other promises that were not kept. A run is passed when it is exact and there is none. */
  readonly broken: readonly string[]
  /** Warnings of the edge node's log and how often each came. */
  readonly warnings: Readonly<Record<string, number>>
  readonly load: Pick<LoadReport, 'sent' | 'retries' | 'refusals429' | 'reasons'> | null
  /** Why the scenario could not be run here; absent when it was. */
  readonly skipped?: string
  /** Why there is no result, although it was run; absent when there is one. */
  readonly failed?: string
  /** The first differences of each kind; absent when there are none. */
  readonly examples?: VerifyReport['examples']
  readonly seconds: number
}

/** What a run left behind. */
export interface Evidence {
  readonly scenario: string
  readonly seed: number
  readonly faults: Readonly<Record<string, number>>
  readonly broken: readonly string[]
  readonly check: VerifyReport
  readonly served: readonly Pick<ServedWindow, 'edge' | 'burst' | 'deadLettered'>[]
  readonly load: LoadReport
  readonly warnings: Readonly<Record<string, number>>
  readonly seconds: number
}

export function buildReport({
  scenario,
  seed,
  faults,
  check,
  served,
  load,
  warnings,
  seconds,
  ...rest
}: Evidence): ChaosReport {
  const total = (count: (window: Evidence['served'][number]) => number) =>
    served.reduce((sum, window) => sum + count(window), 0)
  const edge = total((window) => window.edge)
  const burst = total((window) => window.burst)
  const deadLettered = total((window) => window.deadLettered)
  const { events: accepted, late, windows, missing, extra, mismatched, wrongAnswers, conflictingKeys } = check
  const { sent, retries, refusals429, reasons } = load
  // Once sent, an event of a spike waits, at the sender if need be; none of that may make it late.
  const broken = [...rest.broken, ...(late === 0 ? [] : [`nothing that waits becomes late (${late} events did)`])]
  const balanced = accepted === edge + burst + deadLettered && accepted === load.accepted
  return {
    ...{ scenario, seed, faults, accepted, late, edge, burst, deadLettered, windows },
    windowsWithBurst: served.filter((window) => window.burst > 0).length,
    ...{ missing, extra, mismatched },
    wrongAnswers: wrongAnswers + conflictingKeys,
    exact: check.exact && balanced,
    ...{ broken, warnings },
    load: { sent, retries, refusals429, reasons },
    ...(check.exact ? {} : { examples: check.examples }),
    seconds,
  }
}

/** The report of a run that has no result: `why` is that it was skipped here, or that it failed. */
export function emptyReport(
  why: { readonly skipped: string } | { readonly failed: string },
  { scenario, seed, faults, broken, seconds }: Pick<Evidence, 'scenario' | 'seed' | 'faults' | 'broken' | 'seconds'>,
): ChaosReport {
  return {
    ...{ scenario, seed, faults },
    ...{ accepted: 0, late: 0, edge: 0, burst: 0, deadLettered: 0, windows: 0, windowsWithBurst: 0 },
    ...{ missing: 0, extra: 0, mismatched: 0, wrongAnswers: 0 },
    exact: false,
    ...{ broken, warnings: {}, load: null },
    ...why,
    seconds,
  }
}

/** Whether the run may count as good: exact with every promise kept, or skipped. */
export function isPassed({ exact, broken, skipped }: ChaosReport): boolean {
  return skipped !== undefined || (exact && broken.length === 0)
}
