import { randomBytes } from 'node:crypto'
import { openAcceptedFile } from './delivery/accepted-file'
import { hear, NOTHING_YET } from './delivery/answer'
import { type Clock, systemClock } from './delivery/batch'
import { type Client, openClient } from './delivery/client'
import { dispatch, type Run } from './delivery/dispatch'
import { openTally } from './delivery/tally'
import { openSource } from './events/source'
import type { LoadOptions } from './options'
import { type LoadProgress, progressOf } from './progress'
import { buildReport, type LoadReport } from './report'
import { openSchedule } from './schedule/open-schedule'

export interface LoadHooks {
  /** Called about once a second and once at the end. */
  readonly onProgress?: (progress: LoadProgress) => void
  /** Nothing answers, and nothing has before; called once, with the reason. */
  readonly onSilence?: (reason: string) => void
  /** Ends the schedule early: answers in flight are waited for, then the run resolves as usual. */
  readonly stop?: AbortSignal
  /** The system's clock unless given. */
  readonly clock?: Clock
}

/**
 * Sends events in an open loop: a slow or refusing server does not slow the schedule down, and latency counts from the
 * intended send time. Resolves when every answer is definite or the drain time is over. Throws `LoadError` for input
 * that cannot be used; a server that refuses or is away is no error, the report says so.
 */
export async function runLoad(options: LoadOptions, hooks: LoadHooks = {}): Promise<LoadReport> {
  const schedule = await openSchedule(options.profile, options.seconds, options.seed)
  const acceptedFile = options.acceptedFile === null ? null : await openAcceptedFile(options.acceptedFile)
  const clock = hooks.clock ?? systemClock()
  const startMs = Math.ceil(clock.now())
  const run = {
    options,
    schedule,
    acceptedFile,
    clock,
    startMs,
    runId: options.runId ?? randomBytes(6).toString('hex'),
    client: openClient(options.url, options.connections, options.timeoutMs, options.token),
    source: openSource(options, startMs),
    tally: openTally(),
  }
  try {
    return await conduct(run, hooks)
  } finally {
    await Promise.all([run.client.close(), run.source.close(), acceptedFile?.close()])
  }
}

async function conduct(parts: Omit<Run, 'stop' | 'abandon'>, hooks: LoadHooks): Promise<LoadReport> {
  const { options, schedule, clock, startMs, tally } = parts
  const done = new AbortController()
  const abandon = new AbortController()
  const interrupt = hooks.stop ?? done.signal
  const listening = listeningClient(parts, hooks, abandon)
  const run: Run = {
    ...parts,
    client: listening.client,
    abandon: abandon.signal,
    stop: AbortSignal.any([interrupt, abandon.signal]),
  }
  const elapsedMs = () => clock.now() - startMs
  const progress = () => hooks.onProgress?.(progressOf(tally, elapsedMs(), schedule.dueAt(elapsedMs())))
  const background = [
    giveUpAfter(options.drainMs, run, interrupt, done.signal).then((over) => over && abandon.abort()),
    everySecond(progress, clock, done.signal),
  ]
  try {
    const scheduled = await dispatch(run)
    const interrupted = interrupt.aborted
    const { runId } = run
    const isSilent = listening.isSilent()
    return buildReport(
      { ...parts, ...options, runId, scheduleStartMs: startMs, interrupted, isSilent, scheduled },
      tally,
    )
  } finally {
    done.abort()
    await Promise.all(background)
    progress()
  }
}

/** The client of a run that is given up when nobody is there at all. */
function listeningClient(
  { client, clock, options }: Omit<Run, 'stop' | 'abandon'>,
  hooks: LoadHooks,
  abandon: AbortController,
) {
  let silence = NOTHING_YET
  const listening: Client = {
    ...client,
    async post(request) {
      const answer = await client.post(request)
      const heard = hear(silence, answer, clock.now(), options.giveUpMs)
      silence = heard.silence
      if (heard.hearing === 'begins' && answer.kind === 'refused') hooks.onSilence?.(answer.reason)
      if (heard.hearing === 'over') abandon.abort()
      return answer
    },
  }
  return { client: listening, isSilent: () => silence.sinceMs !== null }
}

/**
 * True when the schedule ended, or was interrupted, and the drain time passed after it; false when the run was done
 * before.
 */
async function giveUpAfter(drainMs: number, run: Run, interrupt: AbortSignal, done: AbortSignal): Promise<boolean> {
  await run.clock.sleep(run.schedule.durationMs, AbortSignal.any([interrupt, done]))
  await run.clock.sleep(drainMs, done)
  return !done.aborted
}

async function everySecond(action: () => void, clock: Clock, done: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(1000, done)
    if (done.aborted) return
    action()
  }
}
