/** What the edge node should serve, given the batches that it accepted. */
import { createHash } from 'node:crypto'
import { type AcceptedBatch, readAccepted } from './accepted'
import { Oracle, type OracleWindow, type Tally } from './oracle'
import type { OraclePipeline } from './pipeline'
import type { Window } from './window'

/** A batch whose answer does not say what its lines and horizon give. An answer never counts rejected lines here. */
export type WrongAnswer = { key: string; expected: Tally; actual: Tally }

export type Expectation = {
  windows: OracleWindow[]
  /** Batches and events counted once each; `events` are accepted ones, partly late and dead-lettered included. */
  batches: number
  events: number
  late: number
  partlyLate: number
  deadLettered: number
  /** Further records of a batch that is already counted: the same key with the same contents. */
  repeats: number
  /** Keys that came again with other contents or another answer; only the first record was counted. */
  conflictingKeys: string[]
  wrongAnswers: WrongAnswer[]
  /**
   * Batches of which more lines were rejected than the answer lists, for reasons that their text does not show (a
   * schema, a clock): nobody can tell which of their lines count. The windows that such a line may be in are left out.
   */
  uncheckable: { batches: number; windows: Window[] }
}

/** Streams the files. `onEvents` hears how many lines were read so far. Throws CannotVerify. */
export async function expectedWindows(
  acceptedFiles: readonly string[],
  pipeline: OraclePipeline,
  onEvents: (events: number) => void = () => {},
): Promise<Expectation> {
  const expectation = emptyExpectation()
  const oracle = new Oracle(pipeline)
  const digests = new Map<string, string>()
  let lines = 0
  for (const file of acceptedFiles) {
    for await (const batch of readAccepted(file)) {
      if (isFirst(batch, digests, expectation)) take(batch, oracle, expectation)
      lines += batch.lines.length
      onEvents(lines)
    }
  }
  return { ...expectation, deadLettered: oracle.deadLettered, windows: [...oracle.windows()] }
}

function take(batch: AcceptedBatch, oracle: Oracle, expectation: Expectation): void {
  const { tally, windows } = oracle.look(batch)
  const { uncheckable } = expectation
  if ((batch.unlisted ?? 0) > tally.rejected) {
    expectation.batches += 1
    uncheckable.batches += 1
    uncheckable.windows = distinct([...uncheckable.windows, ...windows])
    return
  }
  oracle.take(batch)
  record(batch, tally, expectation)
}

function distinct(windows: readonly Window[]): Window[] {
  return [...new Map(windows.map(({ start, end }) => [start, { start, end }])).values()]
}

/** A client's retry is not a second event: a key counts once. */
function isFirst(batch: AcceptedBatch, digests: Map<string, string>, expectation: Expectation): boolean {
  const digest = digestOf(batch)
  const known = digests.get(batch.key)
  if (known === undefined) digests.set(batch.key, digest)
  else if (known === digest) expectation.repeats += 1
  else expectation.conflictingKeys.push(batch.key)
  return known === undefined
}

/** The lines' lengths are part of JSON's text, so different batches have different texts. */
function digestOf({ horizon, accepted, late, partlyLate, lines }: AcceptedBatch): string {
  const contents = JSON.stringify([horizon, accepted, late, partlyLate, lines])
  return createHash('sha256').update(contents).digest('base64')
}

function record(batch: AcceptedBatch, expected: Tally, expectation: Expectation): void {
  expectation.batches += 1
  expectation.events += expected.accepted
  expectation.late += expected.late
  expectation.partlyLate += expected.partlyLate
  const { accepted, late, partlyLate, unlisted: rejected = 0 } = batch
  const actual: Tally = { accepted, late, partlyLate, rejected }
  if (!isSameTally(expected, actual)) expectation.wrongAnswers.push({ key: batch.key, expected, actual })
}

function isSameTally(a: Tally, b: Tally): boolean {
  return a.accepted === b.accepted && a.late === b.late && a.partlyLate === b.partlyLate && a.rejected === b.rejected
}

function emptyExpectation(): Expectation {
  return {
    windows: [],
    batches: 0,
    events: 0,
    late: 0,
    partlyLate: 0,
    deadLettered: 0,
    repeats: 0,
    conflictingKeys: [],
    wrongAnswers: [],
    uncheckable: { batches: 0, windows: [] },
  }
}
