import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Command } from 'commander'
import { POLICY_NAMES, type PolicyName } from '../../../core/control/policies'
import { existingFile, number, oneOf } from '../../../scripts/command-line/flags'
import { lengthOf, ratesOf, readTraceRows } from '../../../scripts/load/schedule/trace-slice'
import { BIN_MS, leastOverflowOf } from '../../../scripts/start/arrivals'
import type { LoadShape } from '../../../scripts/start/load-process'
import { type Bench, SEED } from '../bench'
import { Progress } from '../progress'
import { type EdgeSettings, Stage } from '../stage'
import { type PoliciesFigures, type PolicyRun, renderPolicies } from './policies-report'

interface PoliciesOptions {
  readonly trace: string
  readonly mean?: number
  readonly policy: readonly PolicyName[]
  readonly seed: number
}

const OWN_TRACE = 'lab/traces/two-spikes.csv'
const OWN_TRACE_CAPACITY = 100 // events a second of that file that stand for the capacity
const SHARDS = 2
const PARALLELIZATION = 4
const USUAL_SLOTS = 4 // of the simulated pricing service, see pipelines/pricing-service.ts
const LATENCY_TARGET_MS = 1_000
const SETTLE_S = 25
const SAMPLE_MS = 250

async function measure(options: PoliciesOptions, say: (text: string) => void): Promise<PoliciesFigures> {
  const file = options.trace
  const rows = readTraceRows(await readFile(file, 'utf8'), file)
  const { mean, peak } = ratesOf(rows)
  const meanShare = options.mean ?? (file === OWN_TRACE ? mean / OWN_TRACE_CAPACITY : 0.5)
  const peakShare = (peak / mean) * meanShare
  const names = options.policy.length > 0 ? options.policy : POLICY_NAMES
  const params = { shardCount: String(SHARDS), parallelizationFactor: String(PARALLELIZATION) }
  return Stage.with(params, async (stage) => {
    const capacity = await stage.capacity(say)
    say(
      `Base capacity: ${Math.round(capacity)} events/s, measured once; the peak is ${peakShare.toFixed(1)} times that.`,
    )
    const shape: LoadShape = { kind: 'trace', file, meanRate: Math.round(meanShare * capacity), speedup: 1 }
    const estimateMs = (lengthOf(rows) + SETTLE_S) * 1000
    const progress = new Progress(
      names.map((label) => ({ label, estimateMs })),
      say,
    )
    const runs: PolicyRun[] = []
    for (const policy of names) {
      const machines = policy === 'static' ? Math.ceil(peakShare) : 1
      const env = { PRICING_SLOTS: String(USUAL_SLOTS * machines) }
      const run = async () => {
        const edge = await edgeSettings(policy, stage, shape, capacity, options.seed)
        return stage.trial({ edge, env, shape, seed: options.seed, capacity, sampleMs: SAMPLE_MS })
      }
      runs.push({ policy, machines, ...(await progress.next(run)) })
    }
    const lanes = { shards: SHARDS, parallelization: PARALLELIZATION }
    const latencyTargetMs = LATENCY_TARGET_MS
    return { capacity, trace: basename(file, '.csv'), meanShare, peakShare, latencyTargetMs, lanes, runs }
  })
}

async function edgeSettings(
  policy: PolicyName,
  stage: Stage,
  shape: LoadShape,
  capacity: number,
  seed: number,
): Promise<EdgeSettings> {
  const settings = { policy, 'latency-target-ms': LATENCY_TARGET_MS }
  if (policy !== 'oracle') return settings
  const file = join(stage.folder, 'oracle-plan.json')
  await writeFile(file, JSON.stringify(await oraclePlan(shape, capacity, seed)))
  return { ...settings, 'oracle-plan': file }
}

/** What an oracle would burst: the least overflow, bin by bin. */
async function oraclePlan(shape: LoadShape, capacity: number, seed: number) {
  if (shape.kind !== 'trace') throw new Error('an oracle is asked about traces')
  const { file, meanRate, speedup } = shape
  const profile = { kind: 'trace', file, meanRate, speedup, fromSeconds: null, toSeconds: null } as const
  const { perBin } = await leastOverflowOf({ profile, seconds: null, seed }, capacity, LATENCY_TARGET_MS)
  return { binMs: BIN_MS, shares: perBin }
}

const policy = oneOf(POLICY_NAMES)
const collect = (name: string, before: readonly string[]) => [...before, policy(name)]

export const policies: Bench<PoliciesOptions, PoliciesFigures> = {
  name: 'policies',
  description: 'each policy, live, on the same minute with two spikes and a calm stretch',
  options: (command: Command) =>
    command
      .option('--trace <file>', 'another rate trace, CSV with the header start_s,events', existingFile, OWN_TRACE)
      .option('--mean <share>', 'mean rate, as a share of the measured capacity', number(0.001, 1_000))
      .option('--policy <name>', `only this one of ${POLICY_NAMES.join(', ')}; may be repeated`, collect, [])
      .option('--seed <n>', 'seed of the events', SEED, 1),
  measure,
  render: renderPolicies,
}
