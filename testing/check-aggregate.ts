import { type Aggregate, messageOf, Refusal } from '../core/pipeline/aggregate'
import { readAsJson } from './json-value'
import { type Laws, lawsOf, type Sample, text } from './laws'
import { PipelineTestError } from './pipeline-test-error'
import { below, type Random, randomOf } from './random'

/** Events for an aggregate to read: given ones, made ones, or both. */
export interface AggregateSamples {
  /** Events, as they come from `map` (or from the schema where there is no `map`). */
  readonly inputs?: readonly unknown[]
  /** Makes an event; `random()` is a number from 0 to below 1. */
  readonly generate?: (random: Random) => unknown
  /** Samples that are tried; 500 by default, at most 100,000. */
  readonly samples?: number
  /** Chooses other samples; 1 by default. */
  readonly seed?: number
}

/** Some hundred milliseconds for a cheap aggregate. */
const SAMPLES = 500
const MAX_SAMPLES = 100_000
/** Values in a group: what breaks a law at all mostly breaks it with a few, and the message shows them. */
const MAX_GROUP = 8
/** Events that are made where there is a generator. */
const GENERATED = 200
const MAX_EXAMPLE = 300

/**
 * Holds an aggregate to the laws that make its results the same for any way in which events are split, ordered and
 * sent. Throws PipelineTestError with the name of the law that it breaks and the smallest example that was found.
 */
export function checkAggregate<Value, State, Result>(
  aggregate: Aggregate<Value, State, Result>,
  { inputs = [], generate, samples = SAMPLES, seed = 1 }: AggregateSamples,
): void {
  const random = randomOf(seed)
  if (!(samples >= 1 && samples <= MAX_SAMPLES)) {
    throw new PipelineTestError('wrong_option', `samples is a number from 1 to ${MAX_SAMPLES}, not ${samples}`)
  }
  if (typeof aggregate.signature !== 'string' || aggregate.signature === '') {
    throw broken('signature is a text, with the arguments of the aggregate in it', text(aggregate.signature))
  }
  const made = generate === undefined ? [] : Array.from({ length: GENERATED }, () => generate(random))
  const values = valuesOf(aggregate, [...inputs, ...made])
  const laws: Laws<Value> = lawsOf(aggregate)
  for (const sample of samplesOf(values, samples, random)) checkSample(aggregate, laws, sample)
}

function checkSample<Value, State>(
  aggregate: Aggregate<Value, State, unknown>,
  laws: Laws<Value>,
  sample: Sample<Value>,
): void {
  for (const [name, law] of Object.entries(laws)) {
    const breaks = (tried: Sample<Value>) => howItBreaks(law, tried)
    if (breaks(sample) === null) continue
    const smallest = shrunk(sample, (tried) => breaks(tried) !== null)
    throw broken(name, `${text(smallest)} come to ${breaks(smallest) ?? breaks(sample)}`)
  }
  if (sample.some((group) => group.length > 0)) {
    readAsJson(
      aggregate.present(sample.flat().reduce((state, value) => aggregate.add(state, value), aggregate.zero())),
      'a result',
    )
  }
}

function howItBreaks<Value>(law: Laws<Value>[string], sample: Sample<Value>): string | null {
  try {
    const [one, other] = law(sample)
    return one === other ? null : `${one} and ${other}`
  } catch (error) {
    return `an error: ${messageOf(error)}`
  }
}

const broken = (law: string, example: string) =>
  new PipelineTestError('law_broken', `the aggregate breaks a law: ${law}. ${shortened(example)}`)

const shortened = (example: string) => (example.length <= MAX_EXAMPLE ? example : `${example.slice(0, MAX_EXAMPLE)}…`)

/** What `read` makes of the events; refused ones count nowhere and are left out. */
function valuesOf<Value>(aggregate: Aggregate<Value, unknown, unknown>, events: readonly unknown[]): Value[] {
  const values: Value[] = []
  for (const event of events) {
    const before = text(event)
    const value = aggregate.read(event)
    const again = aggregate.read(event)
    if (text(event) !== before) throw broken('read does not change the event', `${before} becomes ${text(event)}`)
    if (text(value) !== text(again)) throw broken('read is deterministic', `${text(value)} and ${text(again)}`)
    if (!(value instanceof Refusal)) values.push(value)
  }
  if (values.length > 0) return values
  throw new PipelineTestError('wrong_option', 'give inputs or generate with events that the aggregate can read')
}

/** Small samples first: each value beside nothing and beside each other, up to half of them all; then random groups. */
function* samplesOf<Value>(values: readonly Value[], count: number, random: Random): Generator<Sample<Value>> {
  let left = count
  yield [[], [], []]
  for (const one of values) {
    for (const other of values) {
      if (left <= count / 2) break
      left -= 1
      yield [[one], [other], [one]]
    }
  }
  const group = () => Array.from({ length: below(random, MAX_GROUP + 1) }, () => values[below(random, values.length)]!)
  for (; left > 0; left -= 1) yield [group(), group(), group()]
}

/** Takes values out of a sample for as long as it still breaks the law. */
function shrunk<Value>(sample: Sample<Value>, breaks: (sample: Sample<Value>) => boolean): Sample<Value> {
  for (const [at, group] of sample.entries()) {
    for (let place = 0; place < group.length; place++) {
      const smaller = sample.map((other, index) => (index === at ? other.toSpliced(place, 1) : other))
      if (breaks(smaller as unknown as Sample<Value>)) return shrunk(smaller as unknown as Sample<Value>, breaks)
    }
  }
  return sample
}
