import { readFile } from 'node:fs/promises'
import type { Consumer } from '../../core/control/cost'
import type { PolicyName } from '../../core/control/policies'
import { oracleLimitMs, policyTerms } from '../../edge-node/config/config'
import type { Curve } from '../load/schedule/curve'
import { parseTrace, traceCurve } from '../load/schedule/trace'
import { demandOf } from './model/demand'
import { CannotSimulate, type Scenario } from './scenario'
import { ASSUMPTIONS, type Assumptions, type Cloud, NODE } from './settings'

/** What is asked on the command line; absent is what follows from the rest. */
export interface Question {
  readonly trace: string
  readonly policies: readonly PolicyName[]
  readonly base?: number
  readonly meanRate?: number
  readonly speedup: number
  readonly fromS?: number
  readonly toS?: number
  readonly latencyTargetMs: number
  readonly transport: 'kinesis' | 'invoke'
  readonly consumer: Consumer
  readonly stream: 'provisioned' | 'on-demand'
  readonly shards?: number
  readonly parallelization?: number
  readonly machineRate?: number
  readonly machineUsd: number
  readonly laneRate?: number
  readonly eventBytes: number
  readonly sealedEventBytes: number
  readonly maxUsdPerHour?: number
  readonly seed: number
  readonly fine: boolean
  readonly plan: boolean
  readonly maxOverTarget: number
  /** Report of a real run to compare with; null: none. */
  readonly live: string | null
}

/** A trace as it is to be replayed: times in ms, from 0. */
export interface Replay {
  readonly curve: Curve
  readonly binMs: number
}

const LANE_MARGIN = 1.5 // lanes are filled by chance, not evenly
const MAX_PARALLELIZATION = 10

/** Reads the trace that is asked for. Throws CannotSimulate or LoadError, which name the file. */
export async function readReplay(question: Question): Promise<Replay> {
  const { trace: file } = question
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new CannotSimulate(
      `The trace ${file} cannot be read (${error.message}); give --trace a file of start_s,events.`,
    )
  })
  return replayOf(question, text)
}

/** The same of a text that is there already. Throws LoadError when it is no trace. */
export function replayOf(question: Question, text: string): Replay {
  const { trace: file, meanRate, speedup, fromS, toS } = question
  const trace = parseTrace(text, file)
  const profile = { kind: 'trace', file, meanRate: meanRate ?? null, speedup } as const
  return {
    curve: traceCurve(trace, { ...profile, fromSeconds: fromS ?? null, toSeconds: toS ?? null }),
    binMs: (binSeconds(trace) * 1000) / speedup,
  }
}

/** The scenario of a question for a base of so many events per second. */
export function scenarioOf(question: Question, { curve, binMs }: Replay, base: number): Scenario {
  const given = assumptionsOf(question, base)
  const { transport, consumer, latencyTargetMs } = question
  const settings = { ...NODE, transport, latencyTargetMs }
  const terms = policyTerms(settings, consumer)
  const demand = demandOf(curve, binMs, base, latencyTargetMs, oracleLimitMs(settings, consumer))
  const cloud = cloudFor(question, given, Math.max(0, demand.peakRate - base))
  const { seed, fine, maxUsdPerHour = Number.POSITIVE_INFINITY } = question
  return { curve, binMs, base, terms, cloud, given, maxUsdPerHour, seed, shortcut: !fine, demand }
}

function assumptionsOf(question: Question, base: number): Assumptions {
  const { machineRate = base, machineUsd, eventBytes, sealedEventBytes } = question
  const { laneRate = machineRate } = question
  return { ...ASSUMPTIONS, machineRate, machineUsdPerHour: machineUsd, laneRate, eventBytes, sealedEventBytes }
}

/** Lanes for 1.5 times the excess of the peak, and shards for them and for its bytes. */
function cloudFor(question: Question, given: Assumptions, excess: number): Cloud {
  const { transport, consumer, stream, parallelization } = question
  const lanes = Math.max(1, Math.ceil((LANE_MARGIN * excess) / given.laneRate))
  const sealed = LANE_MARGIN * excess * given.sealedEventBytes
  const forBytes = Math.ceil(sealed / given.shardBytesPerSecond)
  const forLanes = Math.ceil(lanes / (parallelization ?? MAX_PARALLELIZATION))
  const shards = transport === 'invoke' ? 1 : (question.shards ?? Math.max(1, forBytes, forLanes))
  const each = Math.ceil(lanes / shards)
  const most = transport === 'invoke' ? each : Math.min(MAX_PARALLELIZATION, each)
  return { transport, consumer, stream, shards, parallelization: parallelization ?? most }
}

function binSeconds({ times }: Curve): number {
  let least = Number.POSITIVE_INFINITY
  for (let n = 1; n < times.length; n++) least = Math.min(least, times[n]! - times[n - 1]!)
  return least
}
