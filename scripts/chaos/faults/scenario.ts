import type { Status } from '../../../edge-node/http/status'
import type { Draw } from '../../load/events/random'
import type { Service } from '../service'
import type { Stage } from '../stage'

/** What a scenario works with once everything runs. */
export interface World {
  readonly stage: Stage
  readonly cloud: Service
  readonly edge: Service
  readonly edgeUrl: string
  /** How often to do the fault. */
  readonly times: number
  /** Length of the load's schedule. */
  readonly loadMs: number
  /** From the start of the load until its spike. */
  readonly spikeAtMs: number
  /** Seeded numbers in [0, 1). */
  readonly draw: Draw
  /** The edge node's status; null when it does not answer. */
  status(): Promise<Status | null>
}

/** What is known before anything runs. */
export interface Plan {
  readonly seed: number
  readonly cloudPort: number
  readonly loadMs: number
}

export interface Defaults {
  /** Length of the load. */
  readonly seconds: number
  readonly times: number
  /** When the spike begins and how long it is, as shares of the load. */
  readonly spike: { readonly at: number; readonly length: number }
}

/** A scenario that is ready to run, with what it wants different from the usual. */
export interface Play {
  /** Folder for the edge node's data. */
  readonly dataDir?: string
  /** Further options of the edge node. */
  readonly edgeArgs?: readonly string[]
  /** Where the edge node and the functions find the cloud, when not where it is. */
  readonly cloudEndpoint?: string
  /** Does the faults while the load runs, and heals them. */
  inject(world: World): Promise<void>
}

export interface Scenario {
  /** What is done and what must hold, in a line. */
  readonly about: string
  readonly defaults: Defaults
  /** Puts in place what it needs before anything runs, or says why that cannot be had here. */
  open(stage: Stage, plan: Plan): Promise<Play | { readonly skipped: string }>
}

/** A third of base rate, a third of spike, a third of base rate. */
export const THIRDS = { at: 1 / 3, length: 1 / 3 }
