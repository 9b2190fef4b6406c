import { randomUUID } from 'node:crypto'
import { dynamoClient } from '../cloud/clients'
import { DynamoItemStore } from '../cloud/dynamo-item-store'
import { expiresAtS } from '../cloud/expiry'
import { PartialStore } from '../cloud/partial-store'
import { ResultStore } from '../cloud/result-store'
import type { Manifest } from '../core/ledger'
import { WindowMerge } from '../core/merge'
import type { MergeAnswer, MergeWork } from '../core/merge-answer'
import { decodeTally } from '../core/partial'
import type { Pipeline } from '../core/pipeline'
import { panesOfWindow } from '../core/window'
import { pipelines } from '../pipelines/registry'
import { required } from './environment'

export interface MergeDependencies {
  readonly partials: PartialStore
  readonly results: ResultStore
  readonly pipelines: ReadonlyMap<string, Pipeline>
  readonly version: string
  readonly newAttempt: () => string
  /** What all calls of this instance used so far. */
  readonly used: () => Omit<MergeWork, 'memoryMb'>
  readonly memoryMb: number
}

/**
 * Merges one window: reads exactly what the manifest lists, folds it, checks the balance and writes the result as a candidate. Repeating it, also at the
 * same time, changes nothing: the first candidate stands.
 */
export function createMergeHandler(dependencies: MergeDependencies) {
  return async (manifest: Manifest): Promise<MergeAnswer> => {
    const before = dependencies.used()
    const outcome = await merge(dependencies, manifest)
    const after = dependencies.used()
    const work = {
      ms: after.ms - before.ms,
      memoryMb: dependencies.memoryMb,
      readUnits: after.readUnits - before.readUnits,
      writeUnits: after.writeUnits - before.writeUnits,
    }
    return { ...outcome, work }
  }
}

type Outcome = MergeAnswer extends infer Each ? (Each extends MergeAnswer ? Omit<Each, 'work'> : never) : never

async function merge(dependencies: MergeDependencies, manifest: Manifest): Promise<Outcome> {
  const { partials, results, version, newAttempt } = dependencies
  const pipeline = dependencies.pipelines.get(manifest.pipeline)
  if (pipeline === undefined) return { status: 'refused', reason: `no pipeline ${manifest.pipeline} here` }
  if (manifest.version !== version) return { status: 'refused', reason: `this function has version ${version}` }
  const merge = new WindowMerge(pipeline)
  const isEdgeThere = await addEdge(merge, pipeline, partials, manifest)
  const envelopes = await addBurst(merge, pipeline, partials, manifest)
  if (envelopes.length > 0 || !isEdgeThere) return { status: 'missing', envelopes, edge: !isEdgeThere }
  const result = merge.result(manifest, decodeTally(manifest.accepted))
  if (!('rows' in result)) return { status: 'unbalanced', ...result }
  await results.putCandidate(manifest, newAttempt(), manifest.acceptedDigest, result)
  return { status: 'merged' }
}

/** Adds the part that the edge has folded; false where it, or a chunk of it, is missing. */
async function addEdge(merge: WindowMerge, pipeline: Pipeline, partials: PartialStore, manifest: Manifest) {
  if (manifest.edge === null) return true
  const partial = await partials.edge(pipeline, manifest, manifest.endMs, manifest.edge)
  if (partial !== null) merge.add('edge', partial)
  return partial !== null
}

const HEADS_AT_ONCE = 100 // as DynamoDB gives them; a head takes up to 200 kB, and none is kept once it is merged

/** Adds the parts of each envelope on the manifest. Returns those whose head, a chunk of it, or the content it should have is missing. */
async function addBurst(
  merge: WindowMerge,
  pipeline: Pipeline,
  partials: PartialStore,
  manifest: Manifest,
): Promise<number[]> {
  const wanted = new Set(panesOfWindow(pipeline.window, manifest.endMs))
  const missing: number[] = []
  for (let start = 0; start < manifest.burst.length; start += HEADS_AT_ONCE) {
    const run = manifest.burst.slice(start, start + HEADS_AT_ONCE)
    const numbers = run.map(([number]) => number)
    const heads = await partials.heads(manifest, numbers)
    for (const [number, digest] of run) {
      const head = heads.get(number)
      const isUsable = head?.kind === 'done' && head.digest === digest
      const parts = isUsable ? await partials.panes(pipeline, manifest, number, head, wanted) : null
      if (parts === null) missing.push(number)
      else for (const part of parts) merge.add('burst', part)
    }
  }
  return missing
}

let standing: ReturnType<typeof createMergeHandler> | undefined

/** The function that the edge calls once a window with burst envelopes is complete. */
export const handler = async (manifest: Manifest): Promise<MergeAnswer> => {
  standing ??= standingHandler()
  return standing(manifest)
}

function standingHandler() {
  const client = dynamoClient()
  const partialItems = new DynamoItemStore(client, required('PARTIALS_TABLE'))
  const resultItems = new DynamoItemStore(client, required('RESULTS_TABLE'))
  return createMergeHandler({
    partials: new PartialStore(partialItems, expiresAtS),
    results: new ResultStore(resultItems, expiresAtS),
    pipelines,
    version: required('PIPELINE_VERSION'),
    newAttempt: randomUUID,
    used: () => ({
      ms: performance.now(),
      readUnits: partialItems.meter.readUnits + resultItems.meter.readUnits,
      writeUnits: partialItems.meter.writeUnits + resultItems.meter.writeUnits,
    }),
    memoryMb: Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 0),
  })
}
