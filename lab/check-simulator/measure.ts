import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bidLines } from '../../scripts/load/events/bids'
import { openSchedule } from '../../scripts/load/schedule/open-schedule'
import type { TraceProfile } from '../../scripts/load/schedule/profile'
import { parseSimulateArguments } from '../../scripts/simulate/cli'
import type { Comparison } from '../../scripts/simulate/live'
import { run } from '../../scripts/simulate/run'
import { measureCapacity } from '../../scripts/start/calibrate'
import { Stage } from '../bench/stage'

/** The trace to replay, so many times as fast and with so large a share of the capacity as its mean. */
export interface Order {
  readonly trace: string
  readonly speedup: number
  readonly mean: number
}

export interface Measured {
  readonly way: 'kinesis' | 'invoke'
  readonly balanced: boolean
  readonly comparisons: readonly Comparison[]
}

const WAYS = ['kinesis', 'invoke'] as const
const SAMPLE_MS = 250

/**
 * Replays a trace on the embedded cloud, once each way, and simulates the same. Rejects when a run fails, with LoadError
 * when the trace cannot be replayed.
 */
export async function measure(
  order: Order,
  say: (line: string) => void,
  show: (text: string) => void,
): Promise<Measured[]> {
  await openSchedule(profileOf(order), null, 1) // a trace that cannot be replayed is known before anything starts
  say('Starting the embedded cloud ...')
  return Stage.with({}, async (stage) => {
    const capacity = await capacityOn(stage)
    const meanRate = Math.round(order.mean * capacity)
    say(`Base capacity: ${Math.round(capacity)} events/s.`)
    const shape = { kind: 'trace', file: order.trace, meanRate, speedup: order.speedup } as const
    const measured: Measured[] = []
    for (const way of WAYS) {
      say(`${order.trace}, ${order.speedup} times as fast, by ${way}, until every window is final ...`)
      const trial = { edge: { transport: way }, shape, seed: 1, capacity, sampleMs: SAMPLE_MS }
      const { report } = await stage.trial(trial)
      const file = join(stage.folder, `${way}.json`)
      await writeFile(file, JSON.stringify(report))
      measured.push({ way, balanced: report.balanced, comparisons: await simulated(order.trace, file, show) })
    }
    return measured
  })
}

const profileOf = ({ trace, speedup }: Order): TraceProfile => ({
  ...{ kind: 'trace', file: trace, meanRate: null, speedup, fromSeconds: null, toSeconds: null },
})

/** Once, not several times as for a benchmark: the run and its model are given the same. */
async function capacityOn(stage: Stage): Promise<number> {
  const lines = bidLines(0, { keys: 1000, zipf: 1, poison: 0 })
  return stage.withEdge({ options: {} }, ({ client }, folder) =>
    measureCapacity(client, lines, join(folder, 'capacity.ndjson')),
  )
}

async function simulated(trace: string, live: string, show: (text: string) => void): Promise<readonly Comparison[]> {
  const command = parseSimulateArguments(['--trace', trace, '--policy', 'spillway', '--live', live])
  if (command.kind !== 'run') throw new Error(`the simulator did not take its options: ${JSON.stringify(command)}`)
  const { validation = [] } = await run(command.questions[0]!, () => undefined, show)
  return validation
}
