import { itemId } from '../../cloud/item-store'
import { HEAD, resultPartition } from '../../cloud/keys'
import { digestOf } from '../../cloud/packing'
import { ResultStore } from '../../cloud/result-store'
import type { Answer } from '../../core/protocol/log-record'
import type { WrittenLetter } from '../../edge-node/dead-letters/dead-letters'
import { served } from '../../edge-node/results/results'
import { compareWindows } from '../../scripts/verify/compare'
import { contributionsOf, Oracle, type OracleWindow } from '../../scripts/verify/oracle'
import { DEAD_LETTER } from '../../scripts/verify/pipeline'
import type { ServedWindow } from '../../scripts/verify/served'
import type { Delivery } from './client'
import type { Cloud } from './cloud/event-source'
import { VERSION } from './cloud/functions'
import type { Context } from './context'
import type { SimEdge } from './edge/edge'
import { rowsName } from './edge/files'
import type { Machine } from './edge/machine'
import { oraclePipeline, SIM_PIPELINE, type SimEvent } from './edge/sim-pipeline'

/** What there is to judge. */
export interface Resting {
  readonly context: Context
  readonly cloud: Cloud
  readonly machine: Machine
  readonly deliveries: readonly Delivery[]
}

/** What a client sent, less what was rejected, and what it was answered. */
interface Answered {
  readonly key: string
  readonly lines: readonly string[]
  readonly answer: Answer
}

/**
 * Checks a world that has come to rest: every window against the oracle, which sees the answers, the lines that were
 * sent, and the dead letters.
 */
export async function judge(world: Resting, edge: SimEdge): Promise<void> {
  const { context, machine } = world
  const { rules } = context
  const answered = answeredBy(world)
  const letters = machine.disk.deadLetters.map((line) => JSON.parse(line) as WrittenLetter)
  checkAnswers(context, answered)
  checkDeadLetters(context, answered, letters)
  const { counts, missing, extra, mismatched } = compareWindows(
    expectedWindows(context, answered, letters),
    servedBy(world, edge),
    takenFrom(edge),
  )
  if (counts.missing + counts.extra + counts.mismatched > 0)
    rules.broken('every window equals the oracle to the bit', { missing, extra, mismatched })
  await checkFlags(world, edge)
  const { accepted, edge: folded, burst, deadLettered } = edge.node!.events
  if (accepted !== folded + burst + deadLettered)
    rules.broken('at rest, all that was accepted is counted', { accepted, folded, burst, deadLettered })
}

function answeredBy({ deliveries, context }: Resting): Answered[] {
  return deliveries.flatMap(({ batch: { key, lines }, answer }) => {
    if (answer === null) {
      context.rules.broken('every request is answered', key)
      return []
    }
    if (answer.moreRejected !== undefined) context.rules.broken('a world sends no more lines than an answer lists', key)
    const rejected = new Set(answer.rejected.map(({ line }) => line))
    return [{ key, answer, lines: lines.filter((_, index) => !rejected.has(index + 1)) }]
  })
}

function checkAnswers({ rules, scenario }: Context, all: readonly Answered[]): void {
  const oracle = new Oracle(oraclePipeline(scenario))
  for (const { key, lines, answer } of all) {
    const tally = oracle.take({ horizon: answer.horizon, lines })
    const isRight =
      tally.accepted === answer.accepted && tally.late === answer.late && tally.partlyLate === answer.partlyLate
    if (!isRight || tally.rejected > 0) rules.broken('an answer says what its horizon means', { key, answer, tally })
  }
}

/**
 * Where `map` changes its mind, the file of dead letters says what it came to: an event is dead, but for windows that
 * had counted it before they were final.
 */
function expectedWindows(
  context: Context,
  all: readonly Answered[],
  letters: readonly WrittenLetter[],
): OracleWindow[] {
  const countedIn = new Map(letters.map((letter) => [eventOf(letter).flaky, letter.countedIn]))
  const late = new Set(letters.flatMap((letter) => letter.countedIn))
  if (late.size > 0) context.observer.saw('an event became a dead letter after a window had counted it')
  const windows = windowsOf(context, all, (flaky) => countedIn.has(flaky))
  const exact = (end: number) =>
    windowsOf(context, all, (flaky) => countedIn.get(flaky)?.includes(end) === false).find(
      (window) => window.end === end,
    )
  return windows.map((window) => (late.has(window.end) ? (exact(window.end) ?? window) : window))
}

function windowsOf(
  { scenario }: Context,
  all: readonly Answered[],
  isDead: (flaky: number) => boolean,
): OracleWindow[] {
  const oracle = new Oracle(oraclePipeline(scenario, isDead))
  for (const { lines, answer } of all) oracle.take({ horizon: answer.horizon, lines })
  return [...oracle.windows()]
}

/** Windows that retention took away: they were final, and are not served any more. */
function takenFrom({ files }: SimEdge): { readonly start: number; readonly end: number }[] {
  return files.finals.slice(0, files.taken.before).map((final) => served(final))
}

function servedBy({ machine, context }: Resting, edge: SimEdge): ServedWindow[] {
  const { finals, taken } = edge.files
  const windows = finals.slice(taken.before).map((final) => {
    const rows = machine.disk.rows.get(rowsName(final.endMs, final.digest))
    if (rows === undefined) context.rules.broken('the rows of a final are on disk', final)
    return { ...served(final), rows: rows ?? [] } as unknown as ServedWindow
  })
  return windows.sort((a, b) => a.start - b.start)
}

/**
 * Each event that cannot be folded is in the file once, with its line; and nothing else is, but events whose `map`
 * fails now and then.
 */
function checkDeadLetters(
  { rules, scenario }: Context,
  all: readonly Answered[],
  letters: readonly WrittenLetter[],
): void {
  const pipeline = oraclePipeline(scenario)
  const oracle = new Oracle(pipeline)
  for (const { lines, answer } of all) oracle.take({ horizon: answer.horizon, lines })
  const isCertain = (letter: WrittenLetter) => contributionsOf(JSON.parse(letter.line), pipeline) === DEAD_LETTER
  const certain = letters.filter(isCertain).length
  if (certain !== oracle.deadLettered)
    rules.broken('every dead letter is kept', { expected: oracle.deadLettered, found: certain })
  const offsets = new Set(letters.map(({ offset }) => offset))
  if (offsets.size !== letters.length) rules.broken('an event is dead-lettered once', letters)
  const odd = letters.find((letter) => !isCertain(letter) && eventOf(letter).flaky === undefined)
  if (odd !== undefined) rules.broken('only what cannot be folded is dead-lettered', odd)
}

/**
 * What readers in the cloud see as final is what the edge shows. An old copy forks history: then the cloud has the
 * finals of both.
 */
async function checkFlags({ context, cloud, machine }: Resting, { files }: SimEdge): Promise<void> {
  if (machine.life > 0) return
  const { tables } = cloud
  const store = new ResultStore(tables.results, () => 0)
  const from = { pipeline: SIM_PIPELINE, version: VERSION, incarnation: machine.disk.history.incarnation }
  for (const final of files.finals) {
    const { endMs, digest } = final
    const candidate = await store.candidate(from, endMs)
    const rows = candidate && (await store.rows(from, endMs, candidate))
    if (rows === null || !tables.results.final.has(itemId({ pk: resultPartition(from, endMs), sk: HEAD }))) continue
    context.observer.saw('the cloud showed a window as final')
    if (digestOf(rows.map((row) => JSON.stringify(row))) !== digest)
      context.rules.broken('the cloud shows the final that the edge shows', { final, candidate })
  }
}

const eventOf = ({ line }: WrittenLetter): SimEvent => JSON.parse(line)
