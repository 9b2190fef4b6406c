import type { LoadReport } from './report'

const n = (count: number) => Math.round(count).toLocaleString('en-US')
const ms = (value: number) => `${value < 10 ? value.toFixed(1) : n(value)} ms`

/** A run in words: what became of the events, how fast, and what to do next. `acceptedFile`: null when none was written. */
export function summaryOf(report: LoadReport, url: string, acceptedFile: string | null): string[] {
  const { sent, interrupted, seconds, lag, latencyMs } = report
  const { p50, p99, max } = latencyMs
  return [
    `${n(sent)} events sent${interrupted ? ', until it was interrupted' : ` in ${n(seconds)} s`}`,
    ...fates(report),
    `  rate         ${n(achievedRate(report))}/s accepted, while the schedule asked for ${n(scheduledRate(report))}/s`,
    ...(report.accepted === 0 ? [] : [`  ack          p50 ${ms(p50)}, p99 ${ms(p99)}, max ${ms(max)} after its time`]),
    `  sent again   ${n(report.retries)} requests, of them ${n(report.refusals429)} refused with 429; a repeat counts once`,
    ...(lag < NOTABLE_LAG_MS ? [] : [`  sender       up to ${ms(lag)} behind its own schedule: the machine is busy`]),
    ...next(report, url, acceptedFile),
  ]
}

const NOTABLE_LAG_MS = 100 // a request spans up to 10 ms of the schedule; ten times that says something

/** Of each event what became of it; what happened to none is left out. */
function fates(report: LoadReport): string[] {
  const { accepted, late, partlyLate, rejected, failed, unanswered, unsent, reasons } = report
  const why = Object.entries(reasons).map(([reason, times]) => `${n(times)} x ${reason}`)
  const lost = [
    ...counted('rejected', rejected, 'no events: their line says why'),
    ...counted('failed', failed, 'refused for good'),
    ...counted('unanswered', unanswered, 'sent, and nobody said what became of them'),
    ...counted('unsent', unsent, 'due, and never sent'),
  ]
  return [
    `  accepted     ${n(accepted)}${partlyLate === 0 ? '' : `, of them ${n(partlyLate)} too late for a part of their windows`}`,
    ...counted('late', late, 'their windows were closed'),
    ...lost,
    ...(why.length === 0 ? [] : [`  reasons      ${why.join(', ')}`]),
  ]
}

const counted = (what: string, count: number, meaning: string): string[] =>
  count === 0 ? [] : [`  ${what.padEnd(13)}${n(count)} (${meaning})`]

/** Events a second from the first to the last second in which some were accepted. */
function achievedRate({ accepted, ratePerSecond }: LoadReport): number {
  const busy = ratePerSecond.filter((second) => second.accepted > 0)
  return accepted / Math.max(1, busy.length)
}

function scheduledRate({ ratePerSecond }: LoadReport): number {
  const due = ratePerSecond.filter(({ scheduled }) => scheduled > 0)
  return due.reduce((sum, { scheduled }) => sum + scheduled, 0) / Math.max(1, due.length)
}

function next({ accepted, silent }: LoadReport, url: string, acceptedFile: string | null): string[] {
  if (accepted === 0 || silent) return []
  if (acceptedFile === null)
    return ['Give --accepted FILE next time: spillway verify then computes every window again.']
  return [`Check every window of it: spillway verify --url ${url} --accepted ${acceptedFile}`]
}
