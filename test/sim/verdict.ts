import { compareWindows } from '../../scripts/verify/compare'
import { contributionsOf } from '../../scripts/verify/contribution'
import { Oracle } from '../../scripts/verify/oracle'
import { DEAD_LETTER } from '../../scripts/verify/pipeline'
import type { ServedWindow } from '../../scripts/verify/served'
import type { Answer } from '../../core/log-record'
import { served } from '../../edge-node/results'
import type { SimEdge } from './edge'
import { rowsName } from './files'
import { oraclePipeline } from './sim-pipeline'
import type { Batch } from './workload'
import type { World } from './world'

/** Checks a world that has come to rest: every window against the oracle, which sees the answers and the lines that were sent and nothing else. */
export function judge(world: World, edge: SimEdge): void {
  const oracle = new Oracle(oraclePipeline(world.scenario))
  for (const { batch, answer } of world.deliveries) {
    if (answer === null) return world.rules.broken('every request is answered', batch.key)
    checkAnswer(world, oracle, batch, answer)
  }
  const expected = [...oracle.windows()]
  const { counts, missing, extra, mismatched } = compareWindows(expected, servedBy(world, edge))
  if (counts.missing + counts.extra + counts.mismatched > 0)
    world.rules.broken('every window equals the oracle to the bit', { missing, extra, mismatched })
  checkDeadLetters(world, oracle.deadLettered)
  checkCounts(world, edge)
}

function checkAnswer({ rules }: World, oracle: Oracle, { key, lines }: Batch, answer: Answer): void {
  const rejected = new Set(answer.rejected.map(({ line }) => line))
  const tally = oracle.take({ horizon: answer.horizon, lines: lines.filter((_, index) => !rejected.has(index + 1)) })
  const isRight = tally.accepted === answer.accepted && tally.late === answer.late && tally.partlyLate === answer.partlyLate
  if (!isRight || tally.rejected > 0) rules.broken('an answer says what its horizon means', { key, answer, tally })
}

function servedBy({ disk, rules }: World, edge: SimEdge): ServedWindow[] {
  const windows = edge.files.finals.map((final) => {
    const rows = disk.rows.get(rowsName(final.endMs, final.digest))
    if (rows === undefined) rules.broken('the rows of a final are on disk', final)
    return { ...served(final), rows: rows ?? [] } as unknown as ServedWindow
  })
  return windows.sort((a, b) => a.start - b.start)
}

/** Each dead letter is in the file with its line, at least once, and nothing else is. */
function checkDeadLetters({ disk, rules, scenario }: World, expected: number): void {
  const pipeline = oraclePipeline(scenario)
  const offsets = new Set(disk.deadLetters.map(({ offset }) => offset))
  if (offsets.size !== expected) rules.broken('every dead letter is kept', { expected, found: offsets.size })
  for (const { offset, line } of disk.deadLetters) {
    if (line === undefined || contributionsOf(JSON.parse(line), pipeline) !== DEAD_LETTER)
      rules.broken('a dead letter is kept with its line', { offset, line })
  }
}

function checkCounts({ rules }: World, { node }: SimEdge): void {
  const { accepted, edge, burst, deadLettered } = node!.events
  if (accepted !== edge + burst + deadLettered)
    rules.broken('at rest, all that was accepted is counted', { accepted, edge, burst, deadLettered })
}
