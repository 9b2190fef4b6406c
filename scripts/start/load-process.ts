import { type Child, type Stoppable, startCommand } from '../processes/child'

/** How the rate runs; rates are events per second. `scripts/load/schedule/profile.ts` says what each shape is. */
export type LoadShape =
  | { readonly kind: 'constant'; readonly rate: number; readonly seconds: number }
  | {
      readonly kind: 'spike'
      readonly rate: number
      readonly peak: number
      readonly seconds: number
      readonly spikeSeconds: number
      /** A third of the run unless given. */
      readonly spikeStart?: number
    }
  | {
      readonly kind: 'sine'
      readonly rate: number
      readonly peak: number
      readonly seconds: number
      readonly periodSeconds: number
    }
  | { readonly kind: 'trace'; readonly file: string; readonly meanRate: number; readonly speedup: number }

export interface LoadOrder {
  readonly url: string
  readonly pipeline: 'bids' | 'llm-usage'
  readonly shape: LoadShape
  readonly seed: number
  /** Share of events that the pipeline cannot fold. */
  readonly poison?: number
  /** Gets `load.json` and `load.ndjson`. */
  readonly folder: string
  /** For a node that asks for one; else that of SPILLWAY_TOKEN. */
  readonly token?: string
}

const DRAIN_S = 600 // longer than any backlog here: every batch gets its answer

/** Starts the load, adds it to `children`, and leaves its report and what was accepted in the folder. */
export function startLoad(order: LoadOrder, children: Stoppable[]): Child {
  const env = order.token === undefined ? {} : { SPILLWAY_TOKEN: order.token }
  const child = startCommand('load', loadArgs(order), env)
  children.push({ stop: () => giveUp(child) })
  return child
}

/** Asked to stop, it would wait for answers; nobody reads the report of a run that is given up. */
async function giveUp(load: Child): Promise<void> {
  load.signal('SIGKILL')
  await load.ended()
}

/** The command line of the load. */
export function loadArgs({ url, pipeline, shape, seed, poison = 0, folder }: LoadOrder): string[] {
  const options = {
    ...{ url, pipeline, seed },
    ...shapeOptions(shape),
    ...(poison > 0 ? { poison } : {}),
    'drain-seconds': DRAIN_S,
    report: `${folder}/load.json`,
    accepted: `${folder}/load.ndjson`,
  }
  return ['--quiet', ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])]
}

function shapeOptions(shape: LoadShape): Record<string, string | number> {
  switch (shape.kind) {
    case 'constant':
      return { profile: shape.kind, rate: shape.rate, seconds: shape.seconds }
    case 'sine': {
      const { kind, rate, peak, seconds, periodSeconds } = shape
      return { profile: kind, rate, peak, seconds, 'period-seconds': periodSeconds }
    }
    case 'spike': {
      const { kind, rate, peak, seconds, spikeSeconds, spikeStart } = shape
      const start = spikeStart === undefined ? {} : { 'spike-start': spikeStart }
      return { profile: kind, rate, peak, seconds, 'spike-seconds': spikeSeconds, ...start }
    }
    case 'trace':
      return { trace: shape.file, 'mean-rate': shape.meanRate, speedup: shape.speedup }
  }
}
