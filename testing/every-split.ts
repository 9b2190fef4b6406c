import type { Pipeline, Row } from '../core/pipeline/pipeline'
import { foldEnvelope } from '../core/protocol/fold'
import {
  decodePartial,
  emptyPartial,
  encodePartial,
  mergePartial,
  type Partial,
  presentRows,
} from '../core/protocol/partial'
import type { Timers } from '../core/protocol/side-by-side'
import type { GivenLine } from './given-events'
import { readAsJson } from './json-value'
import { PipelineTestError } from './pipeline-test-error'
import { randomOf } from './random'
import { type Split, splitInWords, splitsOf } from './splits'

/** An event that was accepted, when windows were closed up to `horizonMs`. */
export interface AcceptedEvent extends GivenLine {
  readonly timestampMs: number
  readonly horizonMs: number
}

/** A window with the events that count in it, and the rows that they came to. */
export interface WindowToSplit {
  readonly start: number
  readonly end: number
  readonly rows: readonly Row[]
  readonly events: readonly AcceptedEvent[]
  /** Code of each event that could not be folded, by its place among `events`. */
  readonly dead: ReadonlyMap<number, string>
}

/** Splits of a window, half of them random: an aggregate that depends on order shows with the first few. */
const MOST_SPLITS = 100
const LEAST_SPLITS = 4
/** Events folded in all, about: a second or two. Where there are more, splits are fewer. */
const FOLDS = 50_000
/** A split in a message has to be read. */
const MAX_SPLIT_TEXT = 300

/**
 * Computes each window anew for many splits of its events. Rejects with PipelineTestError for the first difference, to
 * the bit.
 */
export async function checkEverySplit(
  pipeline: Pipeline,
  windows: readonly WindowToSplit[],
  seed: number,
  timers: Timers,
): Promise<void> {
  const random = randomOf(seed)
  const events = windows.reduce((sum, window) => sum + window.events.length, 0)
  const most = Math.max(LEAST_SPLITS, Math.min(MOST_SPLITS, Math.floor(FOLDS / Math.max(1, events))))
  for (const window of windows) {
    const whole = await outcomeOf(pipeline, window, { kind: 'fold', events: places(window), where: 'edge' }, timers)
    // Folded once more as it was: a map that gives something else each time is found here.
    refuseDifference(pipeline, window, window, whole, () => 'folded once more, in one piece')
    for (const split of splitsOf(window.events.length, most, random)) {
      const outcome = await outcomeOf(pipeline, window, split, timers)
      const how = () => `split as ${inShort(split, window)} (seed ${seed})`
      refuseDifference(pipeline, window, whole, outcome, how)
    }
  }
}

const places = ({ events }: WindowToSplit) => events.map((_, place) => place)

function inShort(split: Split, { events }: WindowToSplit): string {
  const text = splitInWords(split, (place) => events[place]!.index)
  return text.length <= MAX_SPLIT_TEXT ? text : `${text.slice(0, MAX_SPLIT_TEXT)}…`
}

type Outcome = Pick<WindowToSplit, 'rows' | 'dead'>

async function outcomeOf(pipeline: Pipeline, window: WindowToSplit, split: Split, timers: Timers): Promise<Outcome> {
  const dead = new Map<number, string>()
  const computed = async (part: Split): Promise<Partial> => {
    if (part.kind === 'merge') return mergePartial(await computed(part.into), await computed(part.from))
    const folded = await foldPlaces(pipeline, window, part.events, timers, dead)
    return part.where === 'edge' ? folded : sent(pipeline, folded)
  }
  const rows = presentRows(pipeline, await computed(split)).map((row) => readAsJson(row, 'a row') as Row)
  return { rows, dead }
}

async function foldPlaces(
  pipeline: Pipeline,
  { events }: WindowToSplit,
  places: readonly number[],
  timers: Timers,
  dead: Map<number, string>,
): Promise<Partial> {
  const header = { pipeline: pipeline.name, version: 'test', incarnation: 'test', number: 0, digest: '' }
  const lines = places.map((place) => events[place]!.line)
  const envelope = { ...header, firstOffset: 0, count: lines.length, horizonMs: Number.NEGATIVE_INFINITY, lines }
  const { panes, deadLetters } = await foldEnvelope(pipeline, envelope, { timers })
  for (const { offset, code } of deadLetters) dead.set(places[offset]!, code)
  const [first = emptyPartial(pipeline), ...others] = panes.values()
  return others.reduce(mergePartial, first)
}

/** As it arrives when it was folded elsewhere. */
const sent = (pipeline: Pipeline, partial: Partial): Partial =>
  decodePartial(pipeline, JSON.parse(JSON.stringify(encodePartial(pipeline, partial))))

function refuseDifference(
  pipeline: Pipeline,
  window: WindowToSplit,
  whole: Outcome,
  other: Outcome,
  how: () => string,
): void {
  const found = deadDifference(window, whole, other) ?? rowDifference(pipeline, whole, other)
  if (found === null) return
  const { where, expected, actual } = found
  throw new PipelineTestError(
    'split_differs',
    `window ${inWords(window.start)} to ${inWords(window.end)}, ${where}: ` +
      `${expected} as it was folded at first, ${actual} when ${how()}. ${MEANING}`,
  )
}

const MEANING =
  'Numbers are events as given, from 0: (0,1) is folded at the edge, [2] is sent as a partial, {a + b} merges. ' +
  'A map has to give the same for the same event, and an aggregate the same for any order and grouping; ' +
  'checkAggregate says which law is broken'

const inWords = (ms: number) => new Date(ms).toISOString()

interface Difference {
  readonly where: string
  readonly expected: string
  readonly actual: string
}

function deadDifference({ events }: WindowToSplit, whole: Outcome, other: Outcome): Difference | null {
  for (const [place, { index }] of events.entries()) {
    const [expected, actual] = [whole.dead.get(place), other.dead.get(place)]
    if (expected === actual) continue
    return { where: `event ${index}`, expected: expected ?? 'no dead letter', actual: actual ?? 'no dead letter' }
  }
  return null
}

function rowDifference({ columns }: Pipeline, whole: Outcome, other: Outcome): Difference | null {
  const [rows, otherRows] = [byKey(whole.rows), byKey(other.rows)]
  for (const key of new Set([...rows.keys(), ...otherRows.keys()])) {
    const [expected, actual] = [rows.get(key), otherRows.get(key)]
    const where = `key ${JSON.stringify(key)}`
    if (expected === undefined || actual === undefined) {
      return { where, expected: expected ? 'a row' : 'no row', actual: actual ? 'a row' : 'no row' }
    }
    for (const [name] of columns) {
      const texts = [JSON.stringify(expected[name]), JSON.stringify(actual[name])] as const
      if (texts[0] !== texts[1]) return { where: `${where}, aggregate ${name}`, expected: texts[0], actual: texts[1] }
    }
  }
  return null
}

const byKey = (rows: readonly Row[]) => new Map<string, Row>(rows.map((row) => [row.key, row]))
