import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { usageUsd, zeroUsage } from '../../core/control/cost'
import type { Figures } from './figures'
import type { Question } from './question'
import { CannotSimulate } from './scenario'
import { aligned } from './table'

const percentiles = z.object({ p50: z.number(), p99: z.number() })

/** What is read of the report of a real run, see `scripts/start/report.ts`. */
const liveRun = z.object({
  capacity: z.number().positive(),
  burst: z.number(),
  overTarget: z.number().nullable(),
  latencyTargetMs: z.number().positive(),
  processingDelayMs: percentiles,
  load: z.object({
    events: z.number().positive(),
    seconds: z.number().positive(),
    profile: z.object({
      kind: z.string(),
      file: z.string().optional(),
      speedup: z.number().optional(),
      fromSeconds: z.number().nullable().optional(),
      toSeconds: z.number().nullable().optional(),
    }),
  }),
  way: z.object({ transport: z.enum(['kinesis', 'invoke']), lanes: z.number(), laneRate: z.number() }),
  lanes: z.object({ shards: z.number(), parallelization: z.number(), consumer: z.enum(['fan-out', 'standard']) }),
  cloud: z.object({ usd: z.number(), lambdaInitGbSeconds: z.number(), kinesisBytes: z.number() }),
})

export type LiveRun = z.infer<typeof liveRun>

export type ComparedFigure =
  | 'events'
  | 'p50 ms'
  | 'p99 ms'
  | 'over target'
  | 'burst share'
  | 'burst $'
  | 'burst $ a million'

/** Prediction against measurement; `ratio` is null where nothing was measured. */
export interface Comparison {
  readonly figure: ComparedFigure
  readonly predicted: number
  readonly measured: number
  readonly ratio: number | null
}

const HINT = 'give --live a file that `spillway start --once --trace TRACE --report FILE` has written'

/** Reads the report of a run of a trace. Throws CannotSimulate, which names the file. */
export async function readLive(file: string): Promise<LiveRun> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new CannotSimulate(`The report ${file} cannot be read (${error.message}); ${HINT}.`)
  })
  const report = liveRun.safeParse(parsed(text))
  if (!report.success) throw new CannotSimulate(`The report ${file} is not of a run by this version; ${HINT}.`)
  return report.data
}

/**
 * The question with what the run had: capacity, lanes and sizes where it does not name others, its load always. Throws
 * CannotSimulate where that is another one: the two would say nothing about each other.
 */
export function likeLive(question: Question, live: LiveRun): Question {
  const { kinesisBytes } = live.cloud
  const { profile, events, seconds } = live.load
  if (profile.kind !== 'trace') {
    throw new CannotSimulate(`The run had a load by the profile ${profile.kind}, not by a trace; ${HINT}.`)
  }
  const { file = '', speedup = 1 } = profile
  if (basename(file) !== basename(question.trace)) {
    throw new CannotSimulate(`The run replayed ${basename(file)}: give it as --trace, not ${basename(question.trace)}.`)
  }
  const meanRate = events / seconds
  if (question.meanRate !== undefined && Math.abs(question.meanRate / meanRate - 1) > SAME_RATE) {
    throw new CannotSimulate(
      `The run had ${whole(meanRate)} events/s on average: give that as --mean-rate, or none, not ${question.meanRate}.`,
    )
  }
  return {
    ...question,
    meanRate,
    speedup,
    ...(profile.fromSeconds != null && { fromS: profile.fromSeconds }),
    ...(profile.toSeconds != null && { toS: profile.toSeconds }),
    latencyTargetMs: live.latencyTargetMs,
    transport: live.way.transport,
    consumer: live.lanes.consumer,
    base: question.base ?? live.capacity,
    shards: question.shards ?? live.lanes.shards,
    parallelization: question.parallelization ?? lanesOfShard(live),
    ...(live.way.laneRate > 0 && { laneRate: question.laneRate ?? live.way.laneRate }),
    sealedEventBytes: live.burst > 0 && kinesisBytes > 0 ? kinesisBytes / live.burst : question.sealedEventBytes,
  }
}

/** What was taken over from the run, in words. */
export function asTheRun({ load, way, lanes, capacity }: LiveRun): string {
  const { shards, parallelization, consumer } = lanes
  const cloud = way.transport === 'invoke' ? `${way.lanes} calls` : `${shards} x ${parallelization} lanes, ${consumer}`
  return (
    `As in the run: ${whole(load.events)} events, ${whole(load.events / load.seconds)} a second on average and ` +
    `${load.profile.speedup ?? 1} times as fast as the trace; base ${whole(capacity)} events/s; by ${way.transport}, ${cloud}.`
  )
}

/**
 * The figures of the prediction and of the run, `hours` long. Functions were started for the run, which a node that runs for
 * days does once: their cost is left out.
 */
export function compared(predicted: Figures, hours: number, live: LiveRun): Comparison[] {
  const usd = predicted.usdPerHourParts.burst * hours
  return [
    comparison('events', predicted.accepted, live.load.events),
    comparison('p50 ms', predicted.processingDelayMs.p50, live.processingDelayMs.p50),
    comparison('p99 ms', predicted.processingDelayMs.p99, live.processingDelayMs.p99),
    ...(live.overTarget === null ? [] : [comparison('over target', predicted.overTarget, live.overTarget)]),
    comparison('burst share', predicted.burst / predicted.accepted, live.burst / live.load.events),
    comparison('burst $', usd, usdWithoutStarts(live)),
    comparison('burst $ a million', perMillion(usd, predicted.burst), perMillion(usdWithoutStarts(live), live.burst)),
  ]
}

export function comparisonTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ figure, predicted, measured, ratio }) => [
    figure,
    predicted.toPrecision(4),
    measured.toPrecision(4),
    ratio === null ? '-' : ratio.toFixed(2),
  ])
  return aligned([['', 'predicted', 'measured', 'ratio'], ...rows])
}

const SAME_RATE = 0.01
const whole = (value: number) => Math.round(value).toLocaleString('en-US')

const usdWithoutStarts = ({ cloud }: LiveRun) =>
  cloud.usd - usageUsd({ ...zeroUsage(), lambdaInitGbSeconds: cloud.lambdaInitGbSeconds })

const perMillion = (usd: number, events: number) => (events > 0 ? (usd / events) * 1e6 : 0)

const lanesOfShard = ({ way, lanes }: LiveRun) => (way.transport === 'invoke' ? way.lanes : lanes.parallelization)

const comparison = (figure: ComparedFigure, predicted: number, measured: number): Comparison => ({
  figure,
  predicted,
  measured,
  ratio: measured > 0 ? predicted / measured : null,
})

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
