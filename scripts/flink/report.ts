import pc from 'picocolors'
import { type Comparison, compareWindows } from '../verify/compare'
import type { Expectation } from '../verify/expected'
import type { ServedWindow } from '../verify/served'

/** A window as it was read from the results topic, and when. */
export interface ReadWindow {
  readonly window: ServedWindow
  readonly readAtMs: number
}

/** What a run came to; counts are events unless the name says otherwise, with the names of the report of `npm start`. */
export interface FlinkReport {
  readonly pipeline: string
  readonly accepted: number
  readonly edge: number
  readonly burst: number
  readonly deadLettered: number
  readonly windows: number
  readonly windowsWithBurst: number
  readonly missing: number
  readonly extra: number
  readonly mismatched: number
  readonly balanced: boolean
  /** From the end of a window until it could be read with read_committed; the allowed lateness is a part of it. */
  readonly windowReadAfterMs: { readonly p50: number; readonly max: number }
}

/** The check: what the results topic has against an independent computation over all that was sent. */
export function flinkReport(
  pipeline: string,
  expected: Expectation,
  read: readonly ReadWindow[],
): { readonly report: FlinkReport; readonly comparison: Comparison } {
  const windows = read.map(({ window }) => window)
  const comparison = compareWindows(expected.windows, windows)
  const sum = (of: (window: ServedWindow) => number) => windows.reduce((total, window) => total + of(window), 0)
  const { missing, extra, mismatched } = comparison.counts
  const [accepted, edge, burst] = [sum((one) => one.accepted), sum((one) => one.edge), sum((one) => one.burst)]
  const deadLettered = sum((one) => one.deadLettered)
  const afterMs = read.map(({ window, readAtMs }) => readAtMs - window.end).sort((a, b) => a - b)
  const isExact = missing + extra + mismatched === 0
  const report = {
    ...{ pipeline, accepted, edge, burst, deadLettered },
    windows: windows.length,
    windowsWithBurst: windows.filter((window) => window.burst > 0).length,
    ...{ missing, extra, mismatched },
    balanced: isExact && accepted === edge + burst + deadLettered && expected.wrongAnswers.length === 0,
    windowReadAfterMs: { p50: afterMs[Math.floor(afterMs.length / 2)] ?? 0, max: afterMs.at(-1) ?? 0 },
  }
  return { report, comparison }
}

/** The report as a person reads it. */
export function printFlinkReport(report: FlinkReport): string {
  const verdict = report.balanced
    ? pc.green(
        'EXACT: nothing lost, nothing counted twice; every window equals an independent computation, bit by bit.',
      )
    : pc.red('NOT EXACT: see the counts and the differences below.')
  const share = (events: number) => `${count(events)} (${((100 * events) / Math.max(1, report.accepted)).toFixed(1)} %)`
  const rows: [string, string][] = [
    ['accepted', `${count(report.accepted)} events`],
    ['  = edge', share(report.edge)],
    ['  + burst', share(report.burst)],
    ['  + dead letters', count(report.deadLettered)],
    ['windows', `${report.windows}, of them ${report.windowsWithBurst} with burst`],
    ['missing, extra, mismatched', `${report.missing}, ${report.extra}, ${report.mismatched}`],
    [
      'window read after its end',
      `p50 ${count(report.windowReadAfterMs.p50)} ms   max ${count(report.windowReadAfterMs.max)} ms`,
    ],
  ]
  return ['', verdict, '', ...rows.map(([name, value]) => `  ${name.padEnd(28)}${value}`), ''].join('\n')
}

const count = (value: number) => Math.round(value).toLocaleString('en-US')
