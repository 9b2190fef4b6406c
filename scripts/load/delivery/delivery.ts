import type { Answer, Refused } from './answer'
import type { Batch, Clock } from './batch'
import type { BatchRequest } from './client'
import { openGate } from './gate'

const FIRST_MS = 50
const LONGEST_MS = 2000

/**
 * How long to wait before sending a refused batch again. What the server asked for is honoured and spread by up to a
 * quarter; else the wait doubles with each attempt (0, 1, ...) up to 2 s, of which half is jitter. `unit` is in [0, 1).
 */
export function retryDelayMs(attempt: number, retryAfterMs: number | null, unit: number): number {
  if (retryAfterMs !== null) return retryAfterMs * (1 + unit / 4)
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt) * (0.5 + unit / 2)
}

/** A batch that has its lines. */
export interface Shipment {
  readonly batch: Batch
  readonly lines: readonly string[]
  readonly request: BatchRequest
}

/** Shipments in flight, at most `connections`; a refused one is not overtaken. */
export interface Delivery {
  /** Waits until another one may go out: a connection is free and none is refused. True if it had to wait. */
  room(): Promise<boolean>
  /** Sends a shipment, which must be the next one in order, until its answer is definite; returns at once. */
  launch(shipment: Shipment): void
  /** Waits until nothing is in flight. Throws what `onOutcome` threw. */
  drained(): Promise<void>
}

export type Outcome = Exclude<Answer, Refused> | { readonly kind: 'unanswered' }

export interface DeliveryDeps {
  readonly connections: number
  readonly clock: Clock
  /** `room` no longer waits. */
  readonly stop: AbortSignal
  /** Nothing is sent again: what is refused stays unanswered. */
  readonly abandon: AbortSignal
  /** In [0, 1). */
  jitter(number: number, attempt: number): number
  post(request: BatchRequest): Promise<Answer>
  onRefused(answer: Refused): void
  onRetry(): void
  /** The connection counts as busy until it resolves: back-pressure for what is written down. */
  onOutcome(shipment: Shipment, outcome: Outcome): Promise<void>
}

export function orderedDelivery(deps: DeliveryDeps): Delivery {
  const { clock, stop, abandon } = deps
  const gate = openGate(deps.connections)
  for (const signal of [stop, abandon]) signal.addEventListener('abort', gate.wake, { once: true })

  /** While it sleeps, an older batch that was in flight may be refused; so it looks again afterwards. */
  const waitForTurn = async (number: number, notBeforeMs: number): Promise<void> => {
    while (!abandon.aborted) {
      await gate.turn(number, abandon)
      const waitMs = notBeforeMs - clock.now()
      if (waitMs <= 0) return
      await clock.sleep(waitMs, abandon)
    }
  }

  const sendUntilDefinite = async ({ batch: { number }, request }: Shipment): Promise<Outcome> => {
    for (let attempt = 0; ; attempt++) {
      const answer = await deps.post(request)
      if (answer.kind !== 'refused') return answer
      gate.refused(number)
      deps.onRefused(answer)
      const delayMs = retryDelayMs(attempt, answer.retryAfterMs, deps.jitter(number, attempt))
      await waitForTurn(number, clock.now() + delayMs)
      if (abandon.aborted) return { kind: 'unanswered' }
      deps.onRetry()
    }
  }

  const deliver = async (shipment: Shipment): Promise<void> => {
    const outcome = await sendUntilDefinite(shipment)
    gate.answered(shipment.batch.number)
    await deps.onOutcome(shipment, outcome)
  }

  return {
    room: () => gate.room(stop),
    launch(shipment) {
      gate.enter()
      deliver(shipment).catch(gate.breakWith).finally(gate.leave)
    },
    drained: gate.empty,
  }
}
