import { type Curve, curveThrough } from './curve'

/** How the rate runs over time. Rates are events per second, times seconds from the start of the run. */
export type Profile =
  | { readonly kind: 'constant'; readonly rate: number }
  | { readonly kind: 'step'; readonly rate: number; readonly peak: number; readonly startSeconds: number | null }
  | {
      readonly kind: 'spike'
      readonly rate: number
      readonly peak: number
      /** null: one third into the run. */
      readonly startSeconds: number | null
      /** null: one third of the run. */
      readonly lengthSeconds: number | null
    }
  | { readonly kind: 'ramp'; readonly rate: number; readonly peak: number }
  | { readonly kind: 'sine'; readonly rate: number; readonly peak: number; readonly periodSeconds: number | null }
  | { readonly kind: 'poisson'; readonly rate: number }
  | TraceProfile

/** A recorded rate, replayed. */
export interface TraceProfile {
  readonly kind: 'trace'
  readonly file: string
  /** Mean rate of the replay, events per second; null keeps the trace's own. */
  readonly meanRate: number | null
  /** By how much the trace's time is compressed. The mean rate is set separately and not multiplied by it. */
  readonly speedup: number
  /** Slice of the trace's own time, in the seconds of its first column; null: from its beginning, to its end. */
  readonly fromSeconds: number | null
  readonly toSeconds: number | null
}

export type ProfileKind = Profile['kind']
export const PROFILES = ['constant', 'step', 'spike', 'ramp', 'sine', 'poisson', 'trace'] as const

/** The profiles whose integral is a formula. */
export type FormulaProfile = Exclude<Profile, { kind: 'poisson' | 'trace' }>

/** Where the load changes abruptly, in ms from the start of the run. */
export interface Spike {
  readonly startMs: number
  /** null: it stays (a step). */
  readonly endMs: number | null
}

/** The spike or step of a profile; null for those without one. */
export function spikeOf(profile: Profile, seconds: number): Spike | null {
  switch (profile.kind) {
    case 'step':
      return { startMs: Math.min(profile.startSeconds ?? seconds / 3, seconds) * 1000, endMs: null }
    case 'spike': {
      const start = Math.min(profile.startSeconds ?? seconds / 3, seconds)
      const end = Math.min(start + (profile.lengthSeconds ?? seconds / 3), seconds)
      return { startMs: start * 1000, endMs: end * 1000 }
    }
    case 'constant':
    case 'ramp':
    case 'sine':
    case 'poisson':
    case 'trace':
      return null
  }
}

/** The integral of the profile's rate over [0, seconds]; times in ms. */
export function curveOf(profile: FormulaProfile, seconds: number): Curve {
  switch (profile.kind) {
    case 'constant':
      return pieces([[seconds, profile.rate]])
    case 'step':
    case 'spike': {
      const { startMs, endMs } = spikeOf(profile, seconds)!
      const endSeconds = (endMs ?? seconds * 1000) / 1000
      return pieces([
        [startMs / 1000, profile.rate],
        [endSeconds, profile.peak],
        [seconds, profile.rate],
      ])
    }
    case 'ramp': {
      const slope = (profile.peak - profile.rate) / seconds
      return sampled(seconds, (t) => profile.rate * t + (slope * t * t) / 2)
    }
    case 'sine': {
      const middle = (profile.rate + profile.peak) / 2
      const turn = (2 * Math.PI) / (profile.periodSeconds ?? seconds)
      return sampled(seconds, (t) => middle * t - ((profile.peak - middle) / turn) * Math.sin(turn * t))
    }
  }
}

/** Constant rates one after another, each until its end. Pieces of no length vanish. */
function pieces(rates: readonly (readonly [untilSeconds: number, rate: number])[]): Curve {
  const points: [number, number][] = [[0, 0]]
  for (const [untilSeconds, rate] of rates) {
    const [lastMs, lastCount] = points[points.length - 1]!
    const lengthMs = untilSeconds * 1000 - lastMs
    if (lengthMs > 0) points.push([untilSeconds * 1000, lastCount + (rate * lengthMs) / 1000])
  }
  return curveThrough(points)
}

/** A smooth integral at points 10 ms apart; farther apart in long runs, so that the table stays below 2 MB. */
function sampled(seconds: number, integral: (seconds: number) => number): Curve {
  const steps = Math.ceil(Math.min(seconds * 100, 100_000))
  return curveThrough(
    Array.from({ length: steps + 1 }, (_, step) => {
      const t = (seconds * step) / steps
      return [t * 1000, integral(t)] as const
    }),
  )
}
