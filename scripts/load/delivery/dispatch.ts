import { draws } from '../events/random'
import type { EventSource } from '../events/source'
import type { LoadOptions } from '../options'
import type { Schedule } from '../schedule/schedule'
import type { AcceptedFile } from './accepted-file'
import { type Batch, type Clock, dueMs, planBatch } from './batch'
import type { Client } from './client'
import { type Delivery, orderedDelivery, type Shipment } from './delivery'
import { noteOutcome, noteRefusal, type Tally } from './tally'

/** Everything one run works with. */
export interface Run {
  readonly options: LoadOptions
  readonly runId: string
  readonly schedule: Schedule
  /** Epoch ms, whole. */
  readonly startMs: number
  readonly clock: Clock
  readonly client: Client
  readonly source: EventSource
  readonly acceptedFile: AcceptedFile | null
  readonly tally: Tally
  /** No further batch goes out. */
  readonly stop: AbortSignal
  /** The time for retries is over. */
  readonly abandon: AbortSignal
}

/**
 * Sends every batch when it is due, in order, and waits for all answers. Events exist only from here on: what is due
 * but cannot go out yet is a number in the schedule. Returns how many events were due before the end, whatever ended
 * it.
 */
export async function dispatch(run: Run): Promise<number> {
  const { schedule, tally, clock, startMs, stop } = run
  const delivery = openDelivery(run)
  const pace = openPace(run, delivery)
  let sourceEnded = false
  for (let number = 0; tally.sent < schedule.total && !sourceEnded; number++) {
    const planned = planBatch(schedule, number, tally.sent, run.options.batch)
    await pace.ready(planned)
    if (stop.aborted) break
    const shipment = await load(run, planned)
    sourceEnded = shipment.lines.length < planned.times.length
    if (shipment.lines.length === 0) break
    pace.noteLag(planned)
    delivery.launch(shipment)
    tally.sent += shipment.lines.length
  }
  const endMs = clock.now() - startMs
  await delivery.drained()
  if (sourceEnded) return tally.sent
  return stop.aborted ? Math.max(tally.sent, schedule.dueAt(endMs)) : schedule.total
}

function openDelivery(run: Run): Delivery {
  const { tally, clock, startMs, acceptedFile } = run
  const jitter = draws(run.options.seed, 'retry jitter')
  return orderedDelivery({
    clock,
    connections: run.options.connections,
    stop: run.stop,
    abandon: run.abandon,
    jitter: (number, attempt) => jitter(number * 64 + (attempt % 64)),
    post: run.client.post,
    onRefused: (answer) => noteRefusal(tally, answer),
    onRetry: () => void tally.retries++,
    async onOutcome({ batch, lines, request }, outcome) {
      noteOutcome(tally, batch, outcome, clock.now() - startMs)
      if (outcome.kind === 'taken') await acceptedFile?.write(request.idempotencyKey, outcome, lines)
    },
  })
}

/** Waits for the time and then for room. Being late counts as the sender's own lag only from when there was room. */
function openPace({ clock, startMs, stop, tally }: Run, delivery: Delivery) {
  let roomSinceMs = startMs
  return {
    async ready(batch: Batch): Promise<void> {
      const sendMs = startMs + dueMs(batch)
      while (clock.now() < sendMs && !stop.aborted) await clock.sleep(sendMs - clock.now(), stop)
      if (await delivery.room()) roomSinceMs = clock.now()
    },
    noteLag(batch: Batch): void {
      tally.lagMs = Math.max(tally.lagMs, clock.now() - Math.max(startMs + dueMs(batch), roomSinceMs))
    },
  }
}

/** The batch may come out shorter than planned, or empty, when the source has ended. */
async function load({ source, runId, options, startMs }: Run, planned: Batch): Promise<Shipment> {
  const lines = await source.lines(planned)
  return {
    batch: { ...planned, times: planned.times.subarray(0, lines.length) },
    lines,
    request: {
      idempotencyKey: `${runId}-${options.seed}-${planned.number}`,
      scheduledAtMs: startMs + Math.floor(planned.times[0]!),
      body: Buffer.from(`${lines.join('\n')}\n`),
    },
  }
}
