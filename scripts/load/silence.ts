import type { Answer } from './answer'

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
