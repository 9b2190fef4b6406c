/** Admission and fold as the node does them. */

import type { Pipeline } from '../../core/pipeline/pipeline'
import { windowEndsOfPane } from '../../core/pipeline/window'
import { foldEnvelope } from '../../core/protocol/fold'
import { Intake } from '../../core/protocol/intake'
import { UnreadableBody } from '../../edge-node/ingest/body-lines'
import { readBody } from '../../edge-node/ingest/request-body'
import { KEY_RULES } from '../support/history'
import type { Outcome, Situation } from './outcome'

const IDENTITY = { incarnation: 'fuzz', version: 'v' }

/** What becomes of a request at a node that holds no events yet. */
export async function outcomeByProduct(pipeline: Pipeline, body: Buffer, situation: Situation): Promise<Outcome> {
  try {
    const read = readBody(pipeline, body, { ...situation, bodyBytes: body.length }, situation.nowMs)
    if (read.lines.length === 0 && read.rejected.length === 0) return { refused: 'empty_body' } // as `http.ts` has it
    return await admitted(pipeline, read, situation)
  } catch (error) {
    if (error instanceof UnreadableBody) return { refused: error.code }
    throw error
  }
}

async function admitted(
  pipeline: Pipeline,
  read: ReturnType<typeof readBody>,
  { nowMs, horizonMs, openPanes }: Situation,
): Promise<Outcome> {
  const limits = { rememberKeysMs: 0, answerBytes: 1_000, openPanes, idleTimeoutMs: Number.POSITIVE_INFINITY }
  const intake = new Intake(pipeline, IDENTITY, limits, () => '', KEY_RULES)
  if (horizonMs !== null) intake.close(horizonMs)
  const record = intake.admit({ key: null, ...read })
  if (record === null) return { refused: 'too_many_windows' }
  const { answer, lines } = record
  const closesTo = intake.dueHorizonMs(nowMs)
  const cut = intake.cut(Number.MAX_SAFE_INTEGER)?.cut
  const readings = cut?.readings ?? undefined
  const folded = cut === undefined ? undefined : await foldEnvelope(pipeline, cut.envelope, { readings })
  return {
    lines,
    late: answer.late,
    partlyLate: answer.partlyLate,
    rejected: answer.rejected.map(({ line, code }) => [line, code]),
    moreRejected: answer.moreRejected ?? 0,
    groups: folded === undefined ? [] : groupsOf(pipeline, folded.panes, intake.horizonMs),
    dead: (folded?.deadLetters ?? []).map(({ offset, code }) => [offset, code]),
    horizonMs: closesTo,
  }
}

type Panes = Awaited<ReturnType<typeof foldEnvelope>>['panes']

/** The first aggregate of each pipeline here is a count. */
function groupsOf(pipeline: Pipeline, panes: Panes, horizonMs: number) {
  const windows = new Map<number, Map<string, number>>()
  for (const [pane, { groups }] of panes) {
    for (const end of windowEndsOfPane(pipeline.window, pane)) {
      if (end <= horizonMs || groups.size === 0) continue
      const keys = windows.get(end - pipeline.window.sizeMs) ?? new Map<string, number>()
      windows.set(end - pipeline.window.sizeMs, keys)
      for (const [key, row] of groups.entries()) keys.set(key, (keys.get(key) ?? 0) + Number(groups.state(row, 0)))
    }
  }
  return [...windows]
    .sort(([a], [b]) => a - b)
    .map(([start, keys]) => [start, [...keys].sort(([a], [b]) => (a < b ? -1 : 1))] as const)
}
