import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startCommand } from '../../../scripts/processes/child'

/** What the simulator says of a run. Shares from 0 to 1; `burst` in events. */
export interface Prediction {
  readonly processingDelayMs: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly overTarget: number
  readonly burst: number
  readonly precision: number | null
}

/** The load of the run: a whole trace file, the rate that its mean is scaled to, and its speed. */
export interface PredictionOrder {
  readonly traceFile: string
  readonly capacity: number
  readonly meanRate: number
  readonly speedup: number
  /** For the simulator's report. */
  readonly folder: string
}

/** Asks the simulator for Spillway's figures on the same load. Rejects when it fails. */
export async function predicted(order: PredictionOrder): Promise<Prediction> {
  const report = join(order.folder, 'simulated.json')
  const options = {
    trace: order.traceFile,
    policy: 'spillway',
    base: Math.round(order.capacity),
    'mean-rate': order.meanRate,
    speedup: order.speedup,
    report,
  }
  const child = startCommand(
    'simulate',
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
  )
  const code = await child.ended()
  if (code !== 0) throw new Error(`spillway simulate ended with ${code}; its output above says why`)
  return predictionIn(JSON.parse(await readFile(report, 'utf8')))
}

interface SimulatorReport {
  readonly policies: readonly (Prediction & { readonly name: string })[]
}

/** Spillway's row of the simulator's report. */
export function predictionIn({ policies }: SimulatorReport): Prediction {
  const row = policies.find(({ name }) => name === 'spillway')
  if (row === undefined) throw new Error(`the simulator's report has no policy "spillway"`)
  const { processingDelayMs, overTarget, burst, precision } = row
  return { processingDelayMs, overTarget, burst, precision }
}
