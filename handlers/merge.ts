import { randomUUID } from 'node:crypto'
import type { Context } from 'aws-lambda'
import { GroupTooLarge } from '../cloud/chunks'
import { dynamoClient } from '../cloud/clients'
import { DynamoItemStore } from '../cloud/dynamo-item-store'
import { expiresAtS, type Origin } from '../cloud/keys'
import { PartialStore } from '../cloud/partial-store'
import { ResultStore } from '../cloud/result-store'
import { machineTimers } from '../cloud/timers'
import type { Pipeline } from '../core/pipeline/pipeline'
import { panesOfWindow } from '../core/pipeline/window'
import { WindowMerge } from '../core/protocol/merge'
import { decodeTally } from '../core/protocol/partial'
import type { Manifest, MergeAnswer, MergeWork, PartialRef, RunOrder } from '../core/protocol/protocol'
import type { Timers } from '../core/protocol/side-by-side'
import { byName, deployedVersions, isMergeRequest, NotAMerge, required } from './requests'
import { TimeLeft } from './time-left'

export interface MergeDependencies {
  readonly partials: PartialStore
  readonly results: ResultStore
  readonly pipelines: ReadonlyMap<string, Pipeline>
  /** Version of a pipeline in this bundle: windows of another are refused. */
  readonly versionOf: (pipeline: string) => string | undefined
  readonly newAttempt: () => string
  /** What all calls of this instance used so far. */
  readonly used: () => Omit<MergeWork, 'memoryMb'>
  readonly memoryMb: number
  /** For the time limit of the function. Without them it notices only between two reads. */
  readonly timers?: Timers
}

type Invocation = Partial<Pick<Context, 'getRemainingTimeInMillis'>>

/**
 * Merges one window: reads exactly what the manifest lists, folds it, checks the balance and writes the result as a
 * candidate. Repeating it, also at the same time, changes nothing: the first candidate stands. Or merges a run of
 * envelopes into a partial, for the manifest of a window that has too many. Rejects with NotAMerge, and with OutOfTime
 * before the function would be killed: so whoever called hears why.
 */
export function createMergeHandler(dependencies: MergeDependencies) {
  return async (request: Manifest | RunOrder, invocation: Invocation = {}): Promise<MergeAnswer> => {
    if (!isMergeRequest(request)) throw new NotAMerge()
    const time = new TimeLeft(invocation.getRemainingTimeInMillis?.bind(invocation), dependencies.timers)
    const before = dependencies.used()
    const outcome = await time.within(() => outcomeOf({ ...dependencies, time }, request))
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

/** What one call works with. */
type Call = MergeDependencies & { readonly time: TimeLeft }

type Outcome = MergeAnswer extends infer Each ? (Each extends MergeAnswer ? Omit<Each, 'work'> : never) : never

async function outcomeOf(dependencies: Call, request: Manifest | RunOrder): Promise<Outcome> {
  const version = dependencies.versionOf(request.pipeline)
  const pipeline = dependencies.pipelines.get(request.pipeline)
  if (pipeline === undefined) return { status: 'refused', reason: `no pipeline ${request.pipeline} here` }
  if (request.version !== version) return { status: 'refused', reason: `this function has version ${version}` }
  try {
    return await ('run' in request
      ? foldRun(dependencies, pipeline, request)
      : mergeWindow(dependencies, pipeline, request))
  } catch (error) {
    if (error instanceof GroupTooLarge) return { status: 'refused', reason: error.message }
    throw error
  }
}

async function mergeWindow(
  { partials, results, newAttempt, time }: Call,
  pipeline: Pipeline,
  manifest: Manifest,
): Promise<Outcome> {
  const merge = new WindowMerge(pipeline)
  const { edge, runs = [] } = manifest
  const isEdgeThere = edge === null || (await addPart(time, merge, 'edge', pipeline, partials, manifest, edge))
  let areRunsThere = true
  for (const run of runs) areRunsThere &&= await addPart(time, merge, 'burst', pipeline, partials, manifest, run)
  const envelopes = await addEnvelopes(time, merge, pipeline, partials, manifest, manifest.burst)
  if (envelopes.length > 0 || !isEdgeThere || !areRunsThere)
    return { status: 'missing', envelopes, edge: !isEdgeThere || !areRunsThere }
  const proof = merge.proof(manifest, decodeTally(manifest.accepted))
  if ('found' in proof) return { status: 'unbalanced', ...proof }
  await results.putCandidate(manifest, newAttempt(), manifest.acceptedDigest, { ...proof, rows: merge.rows() })
  return { status: 'merged' }
}

async function foldRun({ partials, newAttempt, time }: Call, pipeline: Pipeline, order: RunOrder): Promise<Outcome> {
  const merge = new WindowMerge(pipeline)
  for (const part of order.parts ?? [])
    if (!(await addPart(time, merge, 'burst', pipeline, partials, order, part)))
      return { status: 'missing', envelopes: [], edge: true }
  const envelopes = await addEnvelopes(time, merge, pipeline, partials, order, order.run)
  if (envelopes.length > 0) return { status: 'missing', envelopes, edge: false }
  const attempt = `run/${order.run[0]?.[0] ?? 'parts'}.${newAttempt()}` // never used again, nor by another run
  const ref = await partials.putPart(pipeline, order, order.endMs, attempt, merge.partial)
  return { status: 'folded', ref }
}

/** Adds a part of the window that was merged before; false where it, or a chunk of it, is missing. */
async function addPart(
  time: TimeLeft,
  merge: WindowMerge,
  from: 'edge' | 'burst',
  pipeline: Pipeline,
  partials: PartialStore,
  window: Origin & { readonly endMs: number },
  ref: PartialRef,
): Promise<boolean> {
  time.check() // a merge computes between two reads, and lets no timer fire
  const partial = await partials.part(pipeline, window, window.endMs, ref)
  if (partial !== null) merge.add(from, partial)
  return partial !== null
}

const HEADS_AT_ONCE = 100 // as DynamoDB gives them; a head has 200 kB of text at most, and none is kept once it is merged

/**
 * Adds the parts of each envelope. Returns those whose head, a chunk of it, or the content it should have is missing.
 */
async function addEnvelopes(
  time: TimeLeft,
  merge: WindowMerge,
  pipeline: Pipeline,
  partials: PartialStore,
  window: Origin & { readonly endMs: number },
  envelopes: Manifest['burst'],
): Promise<number[]> {
  const wanted = new Set(panesOfWindow(pipeline.window, window.endMs))
  const missing: number[] = []
  for (let start = 0; start < envelopes.length; start += HEADS_AT_ONCE) {
    const some = envelopes.slice(start, start + HEADS_AT_ONCE)
    const heads = await partials.heads(
      window,
      some.map(([number]) => number),
    )
    for (const [number, digest] of some) {
      time.check()
      const head = heads.get(number)
      const isUsable = head?.kind === 'done' && head.digest === digest
      const parts = isUsable ? await partials.panes(pipeline, window, number, head, wanted) : null
      if (parts === null) missing.push(number)
      else for (const part of parts) merge.add('burst', part)
    }
  }
  return missing
}

/** The function that the edge calls once a window with burst envelopes is complete. */
export function mergeFunction(pipelines: readonly Pipeline[]) {
  let standing: ReturnType<typeof createMergeHandler> | undefined
  return async (request: Manifest | RunOrder, context: Invocation = {}): Promise<MergeAnswer> => {
    standing ??= standingHandler(pipelines)
    return standing(request, context)
  }
}

function standingHandler(pipelines: readonly Pipeline[]) {
  const client = dynamoClient()
  const partialItems = new DynamoItemStore(client, required('PARTIALS_TABLE'))
  const resultItems = new DynamoItemStore(client, required('RESULTS_TABLE'))
  return createMergeHandler({
    partials: new PartialStore(partialItems, expiresAtS),
    results: new ResultStore(resultItems, expiresAtS),
    pipelines: byName(pipelines),
    versionOf: deployedVersions(),
    newAttempt: randomUUID,
    used: () => ({
      ms: performance.now(),
      readUnits: partialItems.meter.readUnits + resultItems.meter.readUnits,
      writeUnits: partialItems.meter.writeUnits + resultItems.meter.writeUnits,
    }),
    memoryMb: Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 0),
    timers: machineTimers,
  })
}
