import fc from 'fast-check'
import { pino } from 'pino'
import { MemoryItemStore } from '../../../cloud/memory-item-store'
import { digestOf } from '../../../cloud/packing'
import { PartialStore } from '../../../cloud/partial-store'
import { ResultStore } from '../../../cloud/result-store'
import { count } from '../../../core/aggregates/count'
import { distinct } from '../../../core/aggregates/distinct'
import { max, min } from '../../../core/aggregates/extreme'
import { mean } from '../../../core/aggregates/mean'
import { quantile } from '../../../core/aggregates/quantile'
import { sum } from '../../../core/aggregates/sum'
import { readLine } from '../../../core/pipeline/event'
import { pipeline } from '../../../core/pipeline/pipeline'
import { sliding, tumbling } from '../../../core/pipeline/window'
import { EdgeState } from '../../../core/protocol/edge-state'
import { foldEnvelope } from '../../../core/protocol/fold'
import { Intake } from '../../../core/protocol/intake'
import { Ledger } from '../../../core/protocol/ledger'
import type { WindowResult } from '../../../core/protocol/merge'
import type { Account, Manifest } from '../../../core/protocol/protocol'
import type { CutEnvelope } from '../../../core/protocol/uncut'
import { Merger } from '../../../edge-node/closing/merger'
import { systemClock } from '../../../edge-node/observe/clock'
import { createMergeHandler } from '../../../handlers/merge'
import * as oracle from '../../../scripts/verify/aggregate'
import type { Batch } from '../../../scripts/verify/oracle'
import { DEAD_LETTER } from '../../../scripts/verify/pipeline'
import * as oracleWindow from '../../../scripts/verify/window'
import { KEY_RULES } from '../../support/history'

/** What differs from one generated pipeline to the next. */
export interface Shape {
  /** Ms; the same twice is a tumbling window. */
  readonly window: readonly [size: number, slide: number]
  readonly allowedLateness: number
  readonly outOfOrderness: number
  /** Names out of `everything`'s aggregates; one at least. */
  readonly aggregates: readonly string[]
  readonly mapped: boolean
}

const AGGREGATES = ['n', 'total', 'average', 'low', 'high', 'median', 'p99', 'kinds']

/** Small windows, sliding ones whose slide need not divide the size, any selection of aggregates. */
export const shapeArbitrary: fc.Arbitrary<Shape> = fc
  .tuple(fc.integer({ min: 5, max: 70 }), fc.integer({ min: 1, max: 6 }), fc.boolean())
  .chain(([size, windows, isTumbling]) =>
    fc.record({
      window: fc.constant([size, isTumbling ? size : Math.max(1, Math.floor(size / windows))] as const),
      allowedLateness: fc.nat(10),
      outOfOrderness: fc.nat(15),
      aggregates: fc.subarray(AGGREGATES, { minLength: 1 }),
      mapped: fc.boolean(),
    }),
  )

/**
 * A pipeline of that shape, and its description for the oracle. A value below -1,000,000 makes `map` fail; `skip`
 * filters; `twice` doubles.
 */
export function everything({ window: [size, slide], ...shape }: Shape) {
  const aggregates = (make: typeof oracle | typeof ours) =>
    pick(shape.aggregates, {
      n: make.count(),
      total: make.sum('v'),
      average: make.mean('v'),
      low: make.min('v'),
      high: make.max('v'),
      median: make.quantile('v', 0.5),
      p99: make.quantile('v', 0.99),
      kinds: make.distinct('kind'),
    })
  return {
    pipeline: pipeline({
      name: 'everything',
      key: 'k',
      timestamp: { field: 't', unit: 'ms' },
      outOfOrderness: shape.outOfOrderness,
      allowedLateness: shape.allowedLateness,
      window: size === slide ? tumbling(size) : sliding(size, slide),
      map: (event: TestEvent) => {
        if (!shape.mapped) return event
        if (typeof event.v === 'number' && event.v < -1_000_000) throw new Error('poison')
        if (event.kind === 'skip') return undefined
        return event.kind === 'twice' ? [event, { ...event, kind: 'again' }] : event
      },
      aggregates: aggregates(ours) as ReturnType<typeof ourAggregates>,
    }),
    oracle: {
      name: 'everything',
      windowing: size === slide ? oracleWindow.tumbling(size) : oracleWindow.sliding(size, slide),
      timestamp: 't',
      timestampUnit: 'ms',
      key: 'k',
      map: (event: Record<string, unknown>) => {
        if (!shape.mapped) return [event]
        if (typeof event.v === 'number' && event.v < -1_000_000) return DEAD_LETTER
        if (event.kind === 'skip') return []
        return event.kind === 'twice' ? [event, { ...event, kind: 'again' }] : [event]
      },
      aggregates: aggregates(oracle) as Record<string, oracle.Aggregate>,
    } as const,
  }
}

const pick = <T>(names: readonly string[], all: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(names.map((name) => [name, all[name]!]))

const ours = { count, sum, mean, min, max, quantile, distinct }
const ourAggregates = () => ({ n: count(), total: sum('v') })

interface TestEvent {
  readonly k?: string
  readonly t: number
  readonly v: unknown
  readonly kind: unknown
}

/** What happens to a node: requests of events, and cuts in between. */
export interface Schedule {
  readonly shape: Shape
  readonly steps: readonly ({ readonly events: readonly TestEvent[] } | { readonly cutBytes: number })[]
}

const value = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 3, arbitrary: fc.constantFrom(1e16, -1e16, 1, 0.1, 1e300, -0, 5e-324) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>('text', null, -2e6, 1e308) },
)
const event = (aroundMs: number): fc.Arbitrary<TestEvent> =>
  fc.record(
    {
      k: fc.constantFrom('a', 'b', 'ü', ''),
      t: fc.integer({ min: Math.max(0, aroundMs - 60), max: aroundMs + 10 }),
      v: value,
      kind: fc.oneof(
        fc.constantFrom<unknown>('x', 'y', 'skip', 'twice', true, null),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      ),
    },
    { requiredKeys: ['t', 'v', 'kind'] },
  )

/** Event time advances by about 8 ms a step, with events up to 60 ms behind: some are late, some partly. */
export const scheduleArbitrary: fc.Arbitrary<Schedule> = fc
  .tuple(shapeArbitrary, fc.integer({ min: 1, max: 30 }))
  .chain(([shape, length]) =>
    fc
      .tuple(
        ...Array.from({ length }, (_, step) =>
          fc.oneof(
            { weight: 3, arbitrary: fc.record({ events: fc.array(event(1_000 + step * 8), { maxLength: 6 }) }) },
            { weight: 1, arbitrary: fc.record({ cutBytes: fc.integer({ min: 1, max: 400 }) }) },
          ),
        ),
      )
      .map((steps) => ({ shape, steps })),
  )

/** What a run left: each final window, and the accepted lines with the horizon of their answer for the oracle. */
export interface SplitRun {
  readonly windows: readonly WindowResult[]
  readonly batches: readonly Batch[]
}

const IDENTITY = { incarnation: 'test-incarnation', version: 'v1' }
const FROM = { pipeline: 'everything', ...IDENTITY }

/**
 * Runs the real admission, ledger, fold, partial store and merge over a schedule; `isBurst` says where each envelope is
 * folded.
 */
export async function runSplit(schedule: Schedule, isBurst: (envelope: number) => boolean): Promise<SplitRun> {
  const { pipeline: spec } = everything(schedule.shape)
  const limits = { rememberKeysMs: 3_600_000, answerBytes: 1_000_000, openPanes: 1_000, idleTimeoutMs: 1_000 }
  const intake = new Intake(spec, IDENTITY, limits, digestOf, KEY_RULES)
  const ledger = new Ledger(spec.window)
  const state = new EdgeState(spec)
  const items = new MemoryItemStore()
  const partials = new PartialStore(items, () => 0)
  const results = new ResultStore(items, () => 0)
  const merge = createMergeHandler({
    partials,
    results,
    pipelines: new Map([[spec.name, spec]]),
    versionOf: () => IDENTITY.version,
    newAttempt: () => 'merge-1',
    used: () => ({ ms: 0, readUnits: 0, writeUnits: 0 }),
    memoryMb: 0,
  })
  const cloud = {
    partials,
    results,
    merge: { invoke: (manifest: unknown) => merge(manifest as Manifest) },
  }
  const merger = new Merger({
    ...{ pipeline: spec, from: FROM, bootEpoch: 1, state, cloud },
    events: { merged: () => undefined },
    logger: pino({ level: 'silent' }),
    clock: systemClock,
  })
  const windows: WindowResult[] = []
  const batches: Batch[] = []

  const place = async ({ envelope }: CutEnvelope) => {
    const partial = await foldEnvelope(spec, envelope)
    if (isBurst(envelope.number)) {
      ledger.send(envelope.number, 1)
      const work = () => ({ requestId: 'r', ms: 0, memoryMb: 0, writeUnits: 0 })
      await partials.putEnvelope(spec, FROM, envelope, 'attempt-1', partial, work)
      ledger.countBurst(envelope.number)
    } else {
      state.absorb(envelope.horizonMs, partial)
      ledger.countEdge(envelope.number)
    }
  }
  const cutAll = async (bytes: number) => {
    for (let made = intake.cut(bytes); made !== null; made = intake.cut(bytes)) {
      ledger.enter(made.cut)
      await place(made.cut)
    }
  }
  const finish = async (account: Account) => {
    const merged = await merger.result(account)
    if (merged.kind !== 'result') throw new Error(JSON.stringify(merged))
    windows.push(merged.result)
    ledger.finalize(account.endMs)
    state.release((endMs) => endMs <= intake.horizonMs && ledger.phaseOf(endMs) === undefined)
  }
  const closeTo = async (horizonMs: number) => {
    await cutAll(300)
    intake.close(horizonMs)
    ledger.close(horizonMs)
    for (const account of ledger.takeComplete()) await finish(account)
  }

  for (const step of schedule.steps) {
    if ('cutBytes' in step) await cutAll(step.cutBytes)
    else {
      const texts = step.events.map((each) => JSON.stringify(each))
      const lines = texts.map((text, index) => readLine(spec, index + 1, text, Number.MAX_SAFE_INTEGER))
      const { answer } = intake.admit({ key: null, lines: lines.filter((line) => 'line' in line), rejected: [] })!
      batches.push({ horizon: answer.horizon, lines: texts })
      const horizonMs = intake.dueHorizonMs(0)
      if (horizonMs !== null) await closeTo(horizonMs)
    }
  }
  await closeTo(Number.MAX_SAFE_INTEGER)
  return { windows: windows.sort((a, b) => a.startMs - b.startMs), batches }
}
