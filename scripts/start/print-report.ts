import { TOLERATED_SHARE } from '../../core/control/target-watch'
import { pc } from '../command-line/colours'
import type { Report } from './report'

const count = (value: number) => Math.round(value).toLocaleString('en-US')
const ms = (value: number | null) => (value === null ? '-' : `${count(value)} ms`)
const percent = (share: number | null) => (share === null ? '-' : `${(100 * share).toFixed(1)} %`)
const times = ({ p50, p99, max }: Report['ackMs']) => `p50 ${ms(p50)}   p99 ${ms(p99)}   max ${ms(max)}`

/** The report as a person reads it. */
export function printReport(report: Report): string {
  const verdict = report.balanced
    ? pc.green(
        'EXACT: nothing lost, nothing counted twice; every window equals an independent computation, bit by bit.',
      )
    : pc.red('NOT EXACT: see the counts and the differences below.')
  const share = (events: number) => `${((100 * events) / Math.max(1, report.accepted)).toFixed(1)} %`
  const { lanes, cloud } = report
  const rows: [string, string][] = [
    ['accepted', `${count(report.accepted)} events (${count(report.late)} late, ${count(report.rejected)} rejected)`],
    ['  = edge', `${count(report.edge)} (${share(report.edge)})`],
    [
      '  + burst',
      `${count(report.burst)} (${share(report.burst)}); ${count(report.aboveCapacity)} arrived above the base capacity`,
    ],
    ['  + dead letters', count(report.deadLettered)],
    ['windows', `${count(report.windows)}, of them ${count(report.windowsWithBurst)} with burst`],
    ['missing, extra, mismatched', `${report.missing}, ${report.extra}, ${report.mismatched}`],
    ['acknowledged after', times(report.ackMs)],
    ['processed after', times(report.processingDelayMs)],
    ['window final after', times(report.windowLatencyMs)],
    ['reaction to the step', ms(report.reactionMs)],
    ['bursting began or ended', `${report.modeChanges} times, ${report.flaps} of them within 10 s of the time before`],
    ['burst that was necessary', necessaryText(report)],
    ['base capacity', `${count(report.capacity)} events/s, measured before the load`],
    ['lanes', lanesText(lanes)],
    [
      'cloud',
      `${count(cloud.kinesisRecords)} records, ${count(cloud.kinesisBytes / 1024)} KiB, ${count(cloud.lambdaInvocations)} invocations, ${cloud.lambdaGbSeconds.toFixed(1)} GB-s, ${count(cloud.writeUnits)} write and ${count(cloud.readUnits)} read units`,
    ],
    [
      'cost on AWS, at least',
      `$${cloud.usd.toFixed(6)}, and $${cloud.idleUsdPerHour.toFixed(3)} an hour for the stream, bursting or not; $${report.usdPerHour.toFixed(3)} an hour at this rate`,
    ],
  ]
  const lines = rows.map(([name, value]) => `  ${name.padEnd(28)}${value}`)
  return ['', targetText(report), verdict, '', ...lines, ...burstPartLines(report), ''].join('\n')
}

/** Where the time of the envelopes that burst went: a line for each part of their way, none when nothing burst. */
export function burstPartLines({ burst, burstParts }: Pick<Report, 'burst' | 'burstParts'>): string[] {
  if (burst === 0) return []
  const title = `  ${"a burst envelope's time".padEnd(28)}${'p50'.padStart(9)}${'p99'.padStart(10)}   each part by itself; these do not add up`
  const lines = burstParts.map(
    ({ part, p50, p99, inWords }) => `    ${part.padEnd(26)}${ms(p50).padStart(9)}${ms(p99).padStart(10)}   ${inWords}`,
  )
  return [title, ...lines]
}

/** Whether the load was kept within the latency target, which is what bursting is for. */
export function targetText({ overTarget, secondsOverTarget, latencyTargetMs, processingDelayMs }: Report): string {
  const allowed = `${100 * TOLERATED_SHARE} %`
  const late = `${percent(overTarget)} of the events were processed later than ${ms(latencyTargetMs)} after they were due to be sent (${allowed} may be); p99 ${ms(processingDelayMs.p99)}.`
  if ((overTarget ?? 0) <= TOLERATED_SHARE) return pc.green(`LATENCY TARGET MET: ${late}`)
  const lateS = count(Math.max(1, secondsOverTarget))
  return pc.red(`LATENCY TARGET MISSED: ${late} For ${lateS} s of the run it was more than ${allowed}.`)
}

function necessaryText({ precision, leastOverflow }: Report): string {
  if (precision === null) return 'nothing burst'
  return `${percent(precision)}; to meet the target, at least ${count(leastOverflow)} events have to burst`
}

function lanesText({ have, needed, shards, parallelization, consumer, bottleneck }: Report['lanes']): string {
  const text = `${have} (${shards} shards x ${parallelization}, ${consumer}), ${needed} needed at the peak`
  return bottleneck ? pc.yellow(`${text}: too few, the lanes were the bottleneck`) : text
}
