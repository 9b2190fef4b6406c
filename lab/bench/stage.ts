import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bidLines } from '../../scripts/load/events/bids'
import { type Series, seriesOf } from '../../scripts/plots/series'
import type { Child } from '../../scripts/processes/child'
import { startCloud } from '../../scripts/processes/cloud-process'
import { type EdgeProcess, startEdgeNode } from '../../scripts/processes/edge-process'
import { measureCapacity } from '../../scripts/start/calibrate'
import type { LoadShape } from '../../scripts/start/load-process'
import { type LoadSetting, measureLoad } from '../../scripts/start/measured-load'
import type { Report } from '../../scripts/start/report'

const CAPACITY_TIMES = 3
const STEADY_SHARE = 0.9 // measurements farther apart than this come from a machine that others use

export type EdgeSettings = Readonly<Record<string, string | number>>

/** One load on an edge node that was started for it. */
export interface Trial {
  readonly edge: EdgeSettings
  readonly env?: NodeJS.ProcessEnv
  readonly shape: LoadShape
  readonly seed: number
  /** Base capacity in events per second. */
  readonly capacity: number
  readonly sampleMs: number
}

export type TrialReport = Omit<Report, 'series'>

/** What came of a trial. */
export interface TrialOutcome {
  readonly report: TrialReport
  readonly series: Series
}

/**
 * The processes of a benchmark: one cloud for all of it, and edge nodes as they are needed, each with a log of its own.
 */
export class Stage {
  private readonly children: Child[] = []
  private started = 0

  private constructor(
    readonly folder: string,
    readonly endpoint: string,
    cloud: readonly Child[],
  ) {
    this.children.push(...cloud)
  }

  /** `params` are those of serverless.yml. */
  static async open(params: Readonly<Record<string, string>> = {}): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'spillway-bench-'))
    const children: Child[] = []
    try {
      const logFile = join(folder, 'functions.log')
      return new Stage(folder, await startCloud({ logFile, params }, children), children)
    } catch (error) {
      for (const child of children) await child.stop()
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** Runs `work` with a stage and ends everything that was started on it, however that ends. */
  static async with<T>(params: Readonly<Record<string, string>>, work: (stage: Stage) => Promise<T>): Promise<T> {
    const stage = await Stage.open(params)
    try {
      return await work(stage)
    } finally {
      await stage.close()
    }
  }

  /** Runs `work` with an edge node and a folder of its own, and ends it. */
  async withEdge<T>(
    edge: { readonly options: EdgeSettings; readonly env?: NodeJS.ProcessEnv; readonly program?: string },
    work: (edge: EdgeProcess, folder: string) => Promise<T>,
  ): Promise<T> {
    this.started += 1
    const folder = join(this.folder, `edge-${this.started}`)
    await mkdir(folder)
    const children: Child[] = []
    try {
      return await work(
        await startEdgeNode({ ...edge, endpoint: this.endpoint, dataDir: join(folder, 'data') }, children),
        folder,
      )
    } finally {
      for (const child of children) await child.stop()
      await rm(folder, { recursive: true, force: true })
    }
  }

  /**
   * Base capacity of an edge node that runs `bids`, in events per second: the most of some measurements, since whatever
   * else runs on the machine can only make it less.
   */
  async capacity(say: (text: string) => void = () => undefined): Promise<number> {
    const lines = bidLines(0, { keys: 1000, zipf: 1, poison: 0 })
    return this.withEdge({ options: {} }, async ({ client }, folder) => {
      const measured: number[] = []
      for (let time = 0; time < CAPACITY_TIMES; time += 1) {
        measured.push(await measureCapacity(client, lines, join(folder, 'capacity.ndjson')))
      }
      const most = Math.max(...measured)
      if (Math.min(...measured) < STEADY_SHARE * most) {
        say(
          `The machine is busy: capacities of ${measured.map(Math.round).join(', ')} events/s were measured, the most counts.`,
        )
      }
      return most
    })
  }

  /** Runs a trial until every window is final, and checks them all: rejects when one of them is not exact. */
  async trial({ edge, env = {}, shape, seed, capacity, sampleMs }: Trial): Promise<TrialOutcome> {
    return this.withEdge({ options: edge, env }, async ({ client }, folder) => {
      const order = { pipeline: 'bids', shape, seed, folder } as const
      const setting: LoadSetting = { edge: client, order, capacity, acceptedBefore: [], sampleMs }
      const { report: all, load } = await measureLoad(setting, this.children)
      const { series, ...report } = all
      return { report, series: seriesOf(series, load.scheduleStartMs) }
    })
  }

  async close(): Promise<void> {
    for (const child of this.children.reverse()) await child.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}
