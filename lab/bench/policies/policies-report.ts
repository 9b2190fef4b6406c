import { BASE_MACHINE, machinesUsd } from '../../../core/control/cost'
import type { PolicyName } from '../../../core/control/policies'
import { dollars, markdownTable, paragraphs, percent, whole } from '../../../scripts/command-line/markdown'
import { type MustHold, mustHold } from '../../../scripts/command-line/must-hold'
import { drawSvg, type Figure, sharedMax } from '../../../scripts/plots/plot'
import type { Series } from '../../../scripts/plots/series'
import type { Rendering } from '../bench'
import { delayPanel, ratePanel } from '../run-panels'
import type { TrialReport } from '../stage'

const TITLE: Readonly<Record<PolicyName, string>> = {
  spillway: 'Spillway',
  none: 'none (back-pressure)',
  sponge: 'Sponge',
  'flink-autoscaler': 'Flink autoscaler',
  'cpu-threshold': 'CPU threshold',
  static: 'static, for the peak',
  oracle: 'oracle',
}

export function renderPolicies(figures: PoliciesFigures): Rendering {
  return {
    markdown: markdownOf(figures),
    plots: [
      { name: 'rates', svg: drawSvg(smallPanels(figures, 'Where the events are processed', ratePanel)) },
      { name: 'delay', svg: drawSvg(smallPanels(figures, 'Queue delay at the edge (logarithmic)', delayPanel)) },
    ],
    mustHold: judgePolicies(figures),
  }
}

/** Ours has to be no worse than the rivals, and better where the rival misses the target. */
export function judgePolicies({
  runs,
  latencyTargetMs,
}: Pick<PoliciesFigures, 'runs' | 'latencyTargetMs'>): MustHold[] {
  const p99 = (name: PolicyName) => runs.find(({ policy }) => policy === name)?.report.processingDelayMs.p99 ?? null
  const ours = p99('spillway')
  const wrong = runs.reduce((sum, { report: { missing, extra, mismatched } }) => sum + missing + extra + mismatched, 0)
  const rivals = (['sponge', 'flink-autoscaler'] as const).flatMap((name) => {
    const theirs = p99(name)
    if (ours === null || theirs === null) return []
    // A rival within the target does what was asked; then so has ours to.
    return [mustHold(`p99, against ${TITLE[name]}`, ours, 'at most', Math.max(theirs, latencyTargetMs), 'ms')]
  })
  return [...rivals, mustHold('windows missing, extra or mismatched, all runs', wrong, 'equal to', 0, '')]
}

const NOTES = [
  '- `static` is an edge node with as much of the simulated pricing service as the peak needs, all of the time.',
  '- Where a policy asks for machines (`flink-autoscaler`), the cloud stands in for them, at once and without the pause of a restart: that flatters the rival. Its windows of metrics are minutes long, so within a minute it can hardly act at all.',
  '- `oracle` knows the load: it bursts the least that the latency target takes.',
  '- Dollars an hour are those of this load, going on for an hour.',
]

function markdownOf(figures: PoliciesFigures): string {
  const { capacity, trace, meanShare, peakShare, latencyTargetMs, lanes, runs } = figures
  const header = [
    'policy',
    'p50 ms',
    'p99 ms',
    'max ms',
    'over target',
    'burst',
    'precision',
    'mode changes',
    'flaps',
    'burst $/h',
    'machines',
    'with machines $/h',
  ]
  return paragraphs(
    '# Policies, live on the same load',
    `Trace ${trace}: mean ${meanShare.toFixed(2)} and peak ${peakShare.toFixed(1)} times the capacity of ${whole(capacity)} events/s (measured once); latency target ${whole(latencyTargetMs)} ms; ` +
      `over Kinesis, ${lanes.shards} shards x ${lanes.parallelization} lanes. A machine costs $${BASE_MACHINE.usdPerHour} an hour (EC2 ${BASE_MACHINE.type}, on demand, us-east-1).`,
    markdownTable(header, runs.map(row)),
    NOTES.join('\n'),
  )
}

function row({ policy, machines, report }: PolicyRun): string[] {
  const { processingDelayMs, overTarget, burst, accepted, precision, modeChanges, flaps, usdPerHour } = report
  return [
    TITLE[policy],
    ...[processingDelayMs.p50, processingDelayMs.p99, processingDelayMs.max].map(whole),
    percent(overTarget),
    `${whole(burst)} (${percent(burst / Math.max(1, accepted))})`,
    percent(precision),
    whole(modeChanges),
    whole(flaps),
    dollars(usdPerHour),
    String(machines),
    dollars(usdPerHour + machinesUsd(machines, 1)),
  ]
}

function smallPanels({ runs, trace }: PoliciesFigures, title: string, panelOf: typeof ratePanel): Figure {
  const panels = runs.map(({ policy, report, series }) =>
    panelOf(
      `${TITLE[policy]}: p99 ${whole(report.processingDelayMs.p99)} ms, ${percent(report.burst / Math.max(1, report.accepted))} burst`,
      series,
    ),
  )
  const yMax = sharedMax(panels)
  const end = runs.reduce((longest, { series }) => Math.max(longest, series.seconds.at(-1) ?? 0), 0)
  return {
    title,
    subtitle: `the same load, ${trace}, for each policy; same axes`,
    x: 'time (s)',
    xMax: Math.ceil(end / 10) * 10,
    panels: panels.map((panel) => ({ ...panel, yMax })),
    columns: 2,
  }
}

export interface PolicyRun {
  readonly policy: PolicyName
  /** Machines like the edge that stand by for the whole run. */
  readonly machines: number
  readonly report: TrialReport
  readonly series: Series
}

export interface PoliciesFigures {
  readonly capacity: number
  readonly trace: string
  readonly meanShare: number
  readonly peakShare: number
  readonly latencyTargetMs: number
  readonly lanes: { readonly shards: number; readonly parallelization: number }
  readonly runs: readonly PolicyRun[]
}
