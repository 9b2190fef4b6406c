import type { JobOverview, SidecarShown } from '../../../edge-node/observe/feed'
import { bytes, count, duration, exact, rate, usd } from '../format'

const UNKNOWN = 'not known'

/** Name and value of each fact of a job. */
export function jobFacts(job: JobOverview, atMs: number): (readonly [string, string])[] {
  const { checkpoints, lagRecords, lagSeconds, readPerSecond, arrivedPerSecond } = job
  return [
    ['Parallelism', known(job.parallelism, exact)],
    ['Lag', lagRecords === null ? UNKNOWN : `${count(lagRecords)} records, ${inSeconds(lagSeconds)}`],
    ['Arrive, and are read', `${known(arrivedPerSecond, rate)}, ${known(readPerSecond, rate)}`],
    ['Last checkpoint', lastCheckpoint(checkpoints, atMs)],
    ['Checkpoints', checkpointsInWords(checkpoints)],
    ['Restarts', known(job.restarts, exact)],
  ]
}

function lastCheckpoint({ lastAtMs, lastDurationMs, lastBytes }: JobOverview['checkpoints'], atMs: number): string {
  if (lastAtMs === null) return 'none yet'
  const ago = `${duration(Math.max(0, Math.round((atMs - lastAtMs) / 1_000) * 1_000))} ago`
  return `${ago}, took ${known(lastDurationMs, duration)}, ${known(lastBytes, bytes)}`
}

function checkpointsInWords({ completed, failed, lastFailure }: JobOverview['checkpoints']): string {
  const why = lastFailure === null ? '' : `: ${lastFailure}`
  return `${exact(completed)} completed, ${exact(failed)} failed${why}`
}

const inSeconds = (seconds: number | null) => (seconds === null ? 'nothing is read' : duration(seconds * 1_000))
const known = (value: number | null, say: (value: number) => string) => (value === null ? UNKNOWN : say(value))

/** State, queue, what it folded where, its share of calls, and of money. */
export function cellsOf({ hearing, problem, now }: SidecarShown): string[] {
  const state = stateInWords(hearing, problem, now)
  if (now === null) return [state, '', '', '', '']
  return [
    state,
    `${duration(now.queueDelayMs)}, ${count(now.backlogEvents)} events`,
    `${count(now.edge)} + ${count(now.burst)}`,
    `${exact(now.lanes)}, ${count(now.inFlightEvents)} events away`,
    `${usd(now.spentUsd)} of ${usd(now.maxUsdPerHour)}`,
  ]
}

function stateInWords(hearing: SidecarShown['hearing'], problem: string | null, now: SidecarShown['now']): string {
  switch (hearing) {
    case 'silent':
      return `silent (${problem}); it goes by its last orders`
    case 'gone':
      return `gone: ${problem}`
    case 'heard': {
      const what = now?.isSending ? 'bursting' : now?.bursting ? 'ready to burst' : 'edge only'
      return now?.mode === 'auto' ? what : `${what}, mode ${now?.mode}`
    }
  }
}
