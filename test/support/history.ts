import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { count } from '../../core/aggregates/count'
import type { ReadLine } from '../../core/pipeline/event'
import { type Pipeline, type PipelineOptions, pipeline } from '../../core/pipeline/pipeline'
import { sliding } from '../../core/pipeline/window'
import { Intake, type IntakeLimits, type KeyRules } from '../../core/protocol/intake'
import type { LogRecord } from '../../core/protocol/log-record'
import type { CutEnvelope } from '../../core/protocol/uncut'

type Options = PipelineOptions<unknown, unknown, { n: ReturnType<typeof count> }>

/** Windows of 20 ms, one every 10 ms; watermark 5 ms behind, 3 ms of lateness allowed. */
export const slidingPipeline = (options: Partial<Options> = {}) =>
  pipeline({
    name: 'p',
    key: 'k',
    timestamp: { field: 't', unit: 'ms' },
    window: sliding(20, 10),
    outOfOrderness: 5,
    allowedLateness: 3,
    aggregates: { n: count() },
    ...options,
  })

const LIMITS: IntakeLimits = { rememberKeysMs: 60_000, answerBytes: 10_000, openPanes: 6, idleTimeoutMs: 1_000 }

export const KEY_RULES: KeyRules = {
  digestOf: (key) => createHash('sha256').update(key).digest('hex'),
  isKeptAsText: (key) => key.startsWith('replay-'),
}

/** The digest of lines is the lines themselves, so that a test sees what was digested. */
export const digestOf = (lines: readonly string[]): string => lines.join('\n')

export const newIntake = (limits: Partial<IntakeLimits> = {}, options: Partial<Options> = {}) =>
  newIntakeOf(slidingPipeline(options), limits)

export const newIntakeOf = (spec: Pipeline, limits: Partial<IntakeLimits> = {}) =>
  new Intake(spec, { incarnation: 'i', version: 'v' }, { ...LIMITS, ...limits }, digestOf, KEY_RULES)

/** Lines of one request, as they are read from a client, with these event times in ms. */
export const linesAt = (...timestamps: number[]): ReadLine[] =>
  timestamps.map((t, index) => ({
    number: index + 1,
    line: JSON.stringify({ k: 'a', t }),
    timestampMs: t,
    found: null,
  }))

/** One thing that happens to an intake. */
export type Step =
  | { readonly type: 'request'; readonly key: string | null; readonly timestamps: readonly number[] }
  | { readonly type: 'cut'; readonly maxBytes: number }
  | { readonly type: 'tick'; readonly elapsedMs: number }
  | { readonly type: 'close'; readonly clockMs: number }

/** What a step left: records for the log, and the envelopes that were cut. */
export interface Outcome {
  readonly records: readonly LogRecord[]
  readonly cuts: readonly CutEnvelope[]
}

/**
 * Takes a step as an edge node would: a repeated key is not admitted again, and a closing cuts everything before it.
 */
export function take(intake: Intake, step: Step): Outcome {
  switch (step.type) {
    case 'request': {
      const { key, timestamps } = step
      if (key !== null && intake.answered(key) !== undefined) return { records: [], cuts: [] }
      const record = intake.admit({ key, lines: linesAt(...timestamps), rejected: [] })
      return { records: record === null ? [] : [record], cuts: [] }
    }
    case 'cut': {
      const made = intake.cut(step.maxBytes)
      return made === null ? { records: [], cuts: [] } : { records: [made.record], cuts: [made.cut] }
    }
    case 'tick':
      intake.tick(step.elapsedMs)
      return { records: [], cuts: [] }
    case 'close': {
      const horizonMs = intake.dueHorizonMs(step.clockMs)
      if (horizonMs === null) return { records: [], cuts: [] }
      const { records, cuts } = cutAll(intake)
      return { records: [...records, intake.close(horizonMs)], cuts }
    }
  }
}

/** Cuts whatever waits, in small envelopes. */
export function cutAll(intake: Intake): Outcome {
  const outcomes: Outcome[] = []
  while (intake.open.events > 0) outcomes.push(take(intake, { type: 'cut', maxBytes: 50 }))
  return joined(outcomes)
}

/** Takes the steps one after the other. */
export const takeAll = (intake: Intake, steps: readonly Step[]): Outcome => joined(steps.map((s) => take(intake, s)))

const joined = (outcomes: readonly Outcome[]): Outcome => ({
  records: outcomes.flatMap(({ records }) => records),
  cuts: outcomes.flatMap(({ cuts }) => cuts),
})

/** Event time and clock advance by about 6 ms a step, with events up to 40 ms behind: some are late, some partly. */
export const someSteps = (maxLength: number, fromMs = 0): fc.Arbitrary<Step[]> => {
  const behindMs = fc.array(fc.integer({ min: -40, max: 8 }), { maxLength: 5 })
  return fc
    .array(fc.tuple(fc.nat(99), behindMs), { maxLength, size: 'max' })
    .map((dice) => dice.map(([die, offsets], index) => stepOf(die, offsets, fromMs + 40 + index * 6)))
}

function stepOf(die: number, offsets: readonly number[], nowMs: number): Step {
  const key = die < 20 ? null : `key-${die % 6}`
  if (die < 45) return { type: 'request', key, timestamps: offsets.map((offset) => nowMs + offset) }
  if (die < 70) return { type: 'cut', maxBytes: die }
  if (die < 80) return { type: 'tick', elapsedMs: 600 }
  return { type: 'close', clockMs: nowMs }
}
