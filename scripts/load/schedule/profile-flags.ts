import { WrongUsage } from '../../command-line/ask'
import type { Profile, ProfileKind } from './profile'

/** The options that shape the schedule, as given; absent ones have their defaults here. */
export interface ProfileFlags {
  profile?: ProfileKind
  rate?: number
  peak?: number
  spikeStart?: number
  spikeSeconds?: number
  periodSeconds?: number
  trace?: string
  meanRate?: number
  speedup?: number
  fromS?: number
  toS?: number
}

/** An option without effect would be a silent mistake, so each is refused outside of its profiles. */
const USED_BY: Readonly<Record<Exclude<keyof ProfileFlags, 'profile'>, readonly ProfileKind[]>> = {
  rate: ['constant', 'step', 'spike', 'ramp', 'sine', 'poisson'],
  peak: ['step', 'spike', 'ramp', 'sine'],
  spikeStart: ['step', 'spike'],
  spikeSeconds: ['spike'],
  periodSeconds: ['sine'],
  trace: ['trace'],
  meanRate: ['trace'],
  speedup: ['trace'],
  fromS: ['trace'],
  toS: ['trace'],
}

/** Throws WrongUsage for options that do not go together. */
export function profileFrom(flags: ProfileFlags, seconds: number): Profile {
  const kind = flags.profile ?? (flags.trace === undefined ? 'constant' : 'trace')
  refuseUnused(kind, flags)
  const rate = flags.rate ?? 1000
  const peak = flags.peak ?? 4 * rate
  const startSeconds = flags.spikeStart ?? null
  switch (kind) {
    case 'constant':
    case 'poisson':
      return { kind, rate: aboveZero(rate, '--rate') }
    case 'step':
      return { kind, rate, peak, startSeconds }
    case 'spike':
      refuseCutSpike(flags, seconds)
      return { kind, rate, peak, startSeconds, lengthSeconds: flags.spikeSeconds ?? null }
    case 'ramp':
      return { kind, rate, peak }
    case 'sine':
      return { kind, rate, peak, periodSeconds: flags.periodSeconds ?? null }
    case 'trace':
      return traceProfile(flags)
  }
}

/** What of a spike lies beyond the end of the run would be cut without a word. */
function refuseCutSpike({ spikeStart, spikeSeconds = 0 }: ProfileFlags, seconds: number): void {
  const room = seconds - (spikeStart ?? seconds / 3)
  if (spikeSeconds > room)
    throw badOption(`--spike-seconds ${spikeSeconds} is more than the ${Math.floor(room)} s from its begin to the end`)
}

function traceProfile(flags: ProfileFlags): Profile {
  if (flags.trace === undefined) throw badOption('--profile trace needs --trace FILE')
  return {
    kind: 'trace',
    file: flags.trace,
    meanRate: flags.meanRate ?? null,
    speedup: flags.speedup ?? 1,
    fromSeconds: flags.fromS ?? null,
    toSeconds: flags.toS ?? null,
  }
}

function refuseUnused(kind: ProfileKind, flags: ProfileFlags): void {
  for (const [flag, kinds] of Object.entries(USED_BY)) {
    if (Reflect.get(flags, flag) === undefined || kinds.includes(kind)) continue
    const option = `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    throw badOption(`${option} has no effect with --profile ${kind}; it belongs to ${kinds.join(', ')}`)
  }
}

function aboveZero(rate: number, option: string): number {
  if (rate > 0) return rate
  throw badOption(`${option} must be above 0`)
}

const badOption = (what: string) => new WrongUsage(`${what}.`)
