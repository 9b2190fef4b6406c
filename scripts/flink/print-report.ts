import { pc } from '../command-line/colours'
import type { FlinkReport } from './report'

const EXACT = 'EXACT: nothing lost, nothing counted twice; every window equals an independent computation, bit by bit.'

/** The report as a person reads it. */
export function printFlinkReport(report: FlinkReport): string {
  const verdict = report.balanced ? pc.green(EXACT) : pc.red('NOT EXACT: see the counts and the differences below.')
  const share = (events: number) => `${count(events)} (${((100 * events) / Math.max(1, report.accepted)).toFixed(1)} %)`
  const { processingDelayMs: delay, windowReadAfterMs: after } = report
  const rows: [string, string][] = [
    ['accepted', `${count(report.accepted)} events`],
    ['  = edge', share(report.edge)],
    ['  + burst', share(report.burst)],
    ['  + dead letters', deadText(report)],
    ['windows', `${report.windows}, of them ${report.windowsWithBurst} with burst`],
    ['missing, extra, mismatched', `${report.missing}, ${report.extra}, ${report.mismatched}`],
    [
      'processing delay',
      delay === null ? 'unknown' : `p50 ${ms(delay.p50)}   p99 ${ms(delay.p99)}   max ${ms(delay.max)}`,
    ],
    [
      'lag after the spike',
      report.lagGoneAfterMs === null ? 'not seen to be gone' : `gone after ${ms(report.lagGoneAfterMs)}`,
    ],
    ['window read after its end', `p50 ${ms(after.p50)}   max ${ms(after.max)}`],
    ['the cloud', cloudText(report)],
  ]
  return ['', verdict, '', ...rows.map(([name, value]) => `  ${name.padEnd(28)}${value}`), ''].join('\n')
}

function deadText({ deadLettered, letters, lettersRepeated }: FlinkReport): string {
  const repeated = lettersRepeated === 0 ? '' : `, ${lettersRepeated} of them more than once`
  return `${count(deadLettered)}; ${count(letters)} letters in their topic${repeated}`
}

function cloudText({ cloud, envelopes, reactionMs, invocationsAtRest: rest }: FlinkReport): string {
  if (cloud === null || envelopes === 0) return 'not used'
  const reaction = reactionMs === null ? '' : `, the first ${ms(reactionMs)} after the spike began`
  const after = rest === null ? '' : `, ${rest} calls once the lag was gone`
  return `${count(envelopes)} envelopes${reaction}${after}; $${cloud.usd.toFixed(5)}`
}

const count = (value: number) => Math.round(value).toLocaleString('en-US')
const ms = (value: number) => `${count(value)} ms`
