import { readFile } from 'node:fs/promises'
import { LoadError } from '../load-error'
import { slice } from './curve'
import { poissonSchedule } from './poisson'
import { curveOf, type Profile, spikeOf } from './profile'
import { curveSchedule, type Schedule } from './schedule'
import { parseTrace, traceCurve } from './trace'

/** Length of a load that nobody gave one. */
export const DEFAULT_S = 60

/** A week: a timer cannot wait for much longer, and nobody will. */
const MAX_SECONDS = 7 * 86_400

/** Throws `LoadError` for a trace that cannot be read and for a schedule that is empty or too long. */
export async function openSchedule(profile: Profile, seconds: number | null, seed: number): Promise<Schedule> {
  const text = profile.kind === 'trace' ? await readTrace(profile.file) : ''
  const schedule = scheduleOf(profile, seconds, seed, text)
  if (schedule.durationMs > MAX_SECONDS * 1000) {
    throw new LoadError(
      'bad-option',
      'The schedule is longer than 7 days: use --speedup, --from-s, --to-s or --seconds.',
    )
  }
  if (schedule.total === 0) throw new LoadError('bad-option', 'The schedule has no event: raise the rate or --seconds.')
  return schedule
}

/** `seconds` null: as long as the trace (60 s without one). `traceText` is read by the profile 'trace' alone. */
export function scheduleOf(profile: Profile, seconds: number | null, seed: number, traceText: string): Schedule {
  const length = seconds ?? DEFAULT_S
  switch (profile.kind) {
    case 'poisson':
      return poissonSchedule(profile.rate, length * 1000, seed)
    case 'trace': {
      const curve = traceCurve(parseTrace(traceText, profile.file), profile)
      const endMs = curve.times[curve.times.length - 1]!
      const lengthMs = Math.min(endMs, seconds === null ? endMs : seconds * 1000)
      return curveSchedule(slice(curve, 0, lengthMs), lengthMs, null)
    }
    case 'constant':
    case 'step':
    case 'spike':
    case 'ramp':
    case 'sine':
      return curveSchedule(curveOf(profile, length), length * 1000, spikeOf(profile, length))
  }
}

async function readTrace(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new LoadError('bad-trace', `The rate trace ${file} cannot be read: ${cause.message}.`, { cause })
  })
}
