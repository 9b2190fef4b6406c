/** What adding and folding takes, in nanoseconds of processor time: `fold-process.ts ROUNDS`. Sends what each round took. */

import { addExactly, type Expansion } from '../../../core/aggregates/exact-sum'
import { addInPlace } from '../../../core/aggregates/exact-sum-cells'
import type { Pipeline } from '../../../core/pipeline/pipeline'
import type { Envelope } from '../../../core/protocol/envelope'
import { foldEnvelope } from '../../../core/protocol/fold'
import { Groups } from '../../../core/protocol/groups'
import bids from '../../../pipelines/bids'
import hot from '../../../pipelines/hot'
import { bidLines } from '../../../scripts/load/events/bids'
import { bidPipeline, FORMS, type Form, MEASURED, type MeasuredName } from '../aggregates'
import { addNaively, type NaiveGroup } from '../naive-groups'

const KEYS = [1_000, 100_000]
const ADDS = 1_000_000 // of a round; what the compiler takes beside them is then little
const VALUES = 8_192
export const WARM_UPS = 3 // rounds that the compiler needs, and that do not count
const LINES = 1_000 // of an envelope
const ENVELOPES = 50 // of a round
const START_MS = Date.UTC(2026, 0, 1)

/** Nanoseconds of one event in each round, for one way of doing it. */
export interface FoldFigure {
  readonly what: 'add' | MeasuredName | 'hot' | 'bids'
  readonly keys: number
  readonly how: 'naive' | Form
  readonly roundsNs: number[]
}

/** Something that takes this many events each time that it runs. */
interface Subject {
  readonly figure: FoldFigure
  readonly events: number
  readonly run: () => unknown
}

/** All ways take their turn in each round, so that the machine is as busy for one as for the other. */
async function main(rounds: number): Promise<readonly FoldFigure[]> {
  const figures: FoldFigure[] = []
  for (const keys of KEYS) {
    for (const subjects of [adds(keys), ...groupings(keys), ...folds(keys)]) {
      for (let round = -WARM_UPS; round < rounds; round++) {
        for (const { figure, events, run } of subjects) {
          const startedUs = cpuUs()
          await run()
          const ns = ((cpuUs() - startedUs) * 1_000) / events
          if (round >= 0) figure.roundsNs.push(ns)
        }
      }
      figures.push(...subjects.map(({ figure }) => figure))
    }
  }
  return figures
}

/** Processor time of this process: waiting for others on the machine does not count. */
function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

const figureOf = (what: FoldFigure['what'], keys: number, how: FoldFigure['how']): FoldFigure => ({
  what,
  keys,
  how,
  roundsNs: [],
})

/** Rows in no order, and prices. */
const rowOf = (n: number, keys: number) => (n * 7_919) % keys
const priceOf = (n: number) => (1 + ((n * 104_729) % 100_000)) / 100

/** A sum alone, where the row is known. */
function adds(keys: number): Subject[] {
  const plain = new Float64Array(keys)
  const cells = new Float64Array(3 * keys)
  const objects: Expansion[] = Array.from({ length: keys }, () => [])
  const prices = Float64Array.from({ length: ADDS }, (_, n) => priceOf(n))
  const rows = Int32Array.from({ length: ADDS }, (_, n) => rowOf(n, keys))
  const subject = (how: FoldFigure['how'], run: () => void): Subject => ({
    figure: figureOf('add', keys, how),
    events: ADDS,
    run,
  })
  // A loop each: in one loop that is given what to do, the call would take longer than the addition.
  return [
    subject('naive', () => {
      for (let n = 0; n < ADDS; n++) plain[rows[n]!]! += prices[n]!
    }),
    subject('cells', () => {
      for (let n = 0; n < ADDS; n++) addInPlace(cells, 3 * rows[n]!, prices[n]!)
    }),
    subject('objects', () => {
      for (let n = 0; n < ADDS; n++) addExactly(objects[rows[n]!]!, prices[n]!)
    }),
  ]
}

/** Each aggregate, from the key and the value that was read. */
function groupings(keys: number): Subject[][] {
  const texts = Array.from({ length: keys }, (_, key) => `auction-${key}`)
  const order = Array.from({ length: ADDS }, (_, n) => texts[rowOf(n, keys)]!)
  return (Object.keys(MEASURED) as MeasuredName[]).map((name) => {
    const ways = FORMS.map((form) => ({
      figure: figureOf(name, keys, form),
      events: ADDS,
      run: grouping(name, form, order),
    }))
    return name === 'sum'
      ? [{ figure: figureOf(name, keys, 'naive'), events: ADDS, run: plainGrouping(order) }, ...ways]
      : ways
  })
}

function grouping(name: MeasuredName, form: Form, order: readonly string[]): () => void {
  const pipeline = bidPipeline(MEASURED[name], form)
  const groups = new Groups(pipeline)
  const values = Array.from({ length: VALUES }, (_, n) =>
    pipeline.columns.map(([, aggregate]) => aggregate.read({ price: priceOf(n), bidder: n })),
  )
  return () => {
    for (let n = 0; n < ADDS; n++) groups.add(groups.rowOf(order[n]!), values[n & (VALUES - 1)]!)
  }
}

/** A key looked up, and a plain addition. */
function plainGrouping(order: readonly string[]): () => void {
  const groups = new Map<string, { total: number }>()
  const prices = Array.from({ length: VALUES }, (_, n) => priceOf(n))
  return () => {
    for (let n = 0; n < ADDS; n++) {
      const price = prices[n & (VALUES - 1)]!
      const group = groups.get(order[n]!)
      if (group === undefined) groups.set(order[n]!, { total: price })
      else group.total += price
    }
  }
}

/** Whole pipelines, from lines. Naive is what one would write without Spillway: parse, look up the key, add. */
function folds(keys: number): Subject[][] {
  const line = bidLines(1, { keys, zipf: 0, poison: 0 })
  const envelopes = Array.from({ length: ENVELOPES }, (_, number) => envelopeOf(number, line))
  const events = LINES * ENVELOPES
  return ([hot, bids] as unknown as Pipeline[]).map((original) => {
    const name = original.name as 'hot' | 'bids'
    const ways = FORMS.map((form): Subject => {
      const pipeline = bidPipeline(original.aggregates, form)
      const run = async () => {
        for (const envelope of envelopes) await foldEnvelope(pipeline, envelope)
      }
      return { figure: figureOf(name, keys, form), events, run }
    })
    return [{ figure: figureOf(name, keys, 'naive'), events, run: () => envelopes.map(naiveFold) }, ...ways]
  })
}

function envelopeOf(number: number, line: (n: number, timestampMs: number) => string): Envelope {
  const firstOffset = number * LINES
  const lines = Array.from({ length: LINES }, (_, n) => line(firstOffset + n, START_MS + n))
  const ids = { pipeline: 'measured', version: 'v', incarnation: 'bench', number, digest: '' }
  return { ...ids, firstOffset, count: LINES, horizonMs: Number.NEGATIVE_INFINITY, lines }
}

function naiveFold({ lines }: Envelope): Map<string, NaiveGroup> {
  const groups = new Map<string, NaiveGroup>()
  for (const line of lines) {
    const { auction, price } = JSON.parse(line) as { auction: number; price: number }
    addNaively(groups, String(auction), price)
  }
  return groups
}

if (require.main === module) {
  void main(Number(process.argv[2])).then((figures) => process.send?.(figures, () => process.exit(0)))
}
