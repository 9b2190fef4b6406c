import { setTimeout as sleep } from 'node:timers/promises'
import { FlinkRest } from '../../flink/rest/flink-rest'
import { chooseJob, JobReader, listJobs } from '../../flink/rest/job-metrics'
import type { Watched } from './advice'
import { lengthOf } from './advice-text'
import { CannotAdvise } from './cannot-advise'
import type { Source } from './cli'
import { type Look, observe } from './observation'
import { subtasksOf, type WatchEnd, watch } from './watch'

type Flink = Extract<Source, { kind: 'flink' }>

const SHOWN_EVERY_MS = 10_000

/** Watches a job over REST until its time is over or `stop` says so. Rejects with FlinkUnread and CannotAdvise. */
export async function watchFlink(
  source: Flink,
  forMs: number,
  stop: AbortSignal,
  say: (text: string) => void,
): Promise<Watched> {
  const rest = new FlinkRest(source.url)
  const job = chooseJob(await listJobs(rest), source.job)
  const reader = new JobReader(rest, job.jobId)
  const subtasks = subtasksOf(await reader.read())
  const minutes = lengthOf(forMs / 1000)
  say(`Watching "${job.name}" (${job.jobId}) at ${source.url} for ${minutes}, read only. Ctrl-C answers at once.`)
  const { looks, end } = await watch({
    read: () => reader.read(),
    everyMs: source.everyMs,
    ...{ forMs, stop, say },
    sleep: (ms) => sleep(ms, undefined, { signal: stop }).catch(() => undefined),
    nowMs: () => performance.now(),
    onLook: progress(forMs, say),
  })
  say(ENDS[end])
  const seen = observe(looks)
  if (seen === null) {
    const what = `${looks.length} looks at the job in ${lengthOf(source.everyMs / 1000)} each showed too little`
    throw new CannotAdvise('nothing_seen', `${what}: watch it for longer, and while events come`, true)
  }
  return { where: `Flink job "${job.name}" (${job.jobId}) at ${source.url}`, subtasks, seen }
}

const ENDS: Readonly<Record<WatchEnd, string>> = {
  time: 'Watched.',
  stopped: 'Stopped: answering with what was seen.',
  'job-over': 'The job is over: answering with what was seen.',
  away: 'Flink has not answered for a minute: answering with what was seen.',
}

/** Says how it goes: at first at once, then every ten seconds. */
function progress(forMs: number, say: (text: string) => void) {
  let first: Look | null = null
  let shown: { readonly look: Look; readonly elapsedMs: number } | null = null
  return (look: Look, elapsedMs: number) => {
    if (shown !== null && elapsedMs - shown.elapsedMs < SHOWN_EVERY_MS) return
    const since = shown?.look ?? first
    const rate = since === null ? null : ((look.taken - since.taken) * 1000) / Math.max(1, look.atMs - since.atMs)
    const taken = rate === null || rate < 0 ? '' : `   takes ${Math.round(rate).toLocaleString('en-US')} events/s`
    const waiting = look.waiting === null ? '' : `   ${Math.round(look.waiting).toLocaleString('en-US')} wait`
    say(`   ${lengthOf(Math.round(elapsedMs / 1000))} of ${lengthOf(forMs / 1000)}${taken}${waiting}`)
    first ??= look
    shown = { look, elapsedMs }
  }
}
