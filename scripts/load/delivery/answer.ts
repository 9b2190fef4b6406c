import { z } from 'zod'

/** What is known of whether anybody is there at all. */
export interface Silence {
  /** Something answered, whatever it said. */
  readonly isBroken: boolean
  /** Epoch ms of the first connection that was lost before any answer; null: none was. */
  readonly sinceMs: number | null
}

export const NOTHING_YET: Silence = { isBroken: false, sinceMs: null }

/** What a run goes on with after an answer. `begins`: the first sign that nobody is there. `over`: nobody came. */
export type Hearing = 'answers' | 'begins' | 'lasts' | 'over'

/** Takes an answer in. Once anything has answered, a lost connection is a fault to get over, and no silence. */
export function hear(
  silence: Silence,
  answer: Answer,
  nowMs: number,
  giveUpMs: number,
): { readonly silence: Silence; readonly hearing: Hearing } {
  const isLost = answer.kind === 'refused' && answer.status === null
  if (silence.isBroken || !isLost) return { silence: { isBroken: true, sinceMs: null }, hearing: 'answers' }
  if (silence.sinceMs === null) return { silence: { isBroken: false, sinceMs: nowMs }, hearing: 'begins' }
  return { silence, hearing: nowMs - silence.sinceMs >= giveUpMs ? 'over' : 'lasts' }
}

/**
 * What the edge node made of a batch. `taken` and `failed` are definite; `refused` says that sending again may help.
 */
export type Answer =
  | ({ readonly kind: 'taken' } & z.infer<typeof taken>)
  | {
      readonly kind: 'refused'
      /** null: the connection was lost, so the batch may or may not have been taken. */
      readonly status: number | null
      readonly reason: string
      readonly retryAfterMs: number | null
    }
  | { readonly kind: 'failed'; readonly reason: string }

export type Taken = Extract<Answer, { kind: 'taken' }>
export type Refused = Extract<Answer, { kind: 'refused' }>

const taken = z.object({
  accepted: z.number(),
  late: z.number(),
  partlyLate: z.number(),
  /** Windows that end at or before this event time were closed when the batch was taken. */
  horizon: z.number().nullable(),
  /** `line` counts from 1. */
  rejected: z.array(z.object({ line: z.number(), code: z.string(), reason: z.string() })),
  /** How many more there are than `rejected` lists. */
  moreRejected: z.number().optional(),
})

const refusal = z.object({
  code: z.string().optional(),
  message: z.string().optional(),
  retryAfterMs: z.number().nonnegative().optional(),
})

/** Reads an answer of `POST /v1/events`; `retryAfter` is the header, in seconds. */
export function readAnswer(status: number, retryAfter: string | undefined, text: string): Answer {
  const body = parseJson(text)
  const said = refusal.safeParse(body).data ?? {}
  // Where every line was rejected, the answer has the same fields, and is as definite.
  if ((status >= 200 && status < 300) || said.code === 'all_rejected') return readTaken(status, body)
  const reason = [status, said.code, said.message].filter((part) => part !== undefined).join(' ')
  if (status !== 429 && status < 500) return { kind: 'failed', reason }
  return { kind: 'refused', status, reason, retryAfterMs: said.retryAfterMs ?? headerMs(retryAfter) }
}

function readTaken(status: number, body: unknown): Answer {
  const read = taken.safeParse(body)
  if (read.success) return { kind: 'taken', ...read.data }
  return { kind: 'failed', reason: `${status} with an answer that is not the documented one` }
}

function headerMs(retryAfter: string | undefined): number | null {
  const seconds = Number.parseFloat(retryAfter ?? '')
  return seconds >= 0 ? seconds * 1000 : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
