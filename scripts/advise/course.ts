import type { Moment } from '../simulate/simulate'

/** How a policy went, bin by bin of the load and some more until all is done. */
export interface Course {
  /** How long what waits at the base would take, on average over the bin. */
  readonly queueDelayMs: readonly number[]
  /** Events that were counted in the burst. */
  readonly burst: readonly number[]
}

interface Bin {
  backlogs: number
  moments: number
  burst: number
}

/** Gathers the ticks of a simulation, of which there may be millions, into bins. */
export class CourseKeeper {
  private readonly bins: (Bin | undefined)[] = []

  /** `base` in events per second. */
  constructor(
    private readonly binSeconds: number,
    private readonly base: number,
  ) {}

  note({ atMs, backlog, burst }: Moment): void {
    const number = Math.floor(atMs / 1000 / this.binSeconds)
    const bin = this.bins[number] ?? { backlogs: 0, moments: 0, burst }
    this.bins[number] = bin
    bin.backlogs += backlog
    bin.moments += 1
    bin.burst = burst
  }

  /** A bin without a tick was passed over, since nothing changed in it. */
  read(): Course {
    const queueDelayMs: number[] = []
    const burst: number[] = []
    let before = { delayMs: 0, burst: 0 }
    for (let number = 0; number < this.bins.length; number++) {
      const bin = this.bins[number]
      const delayMs = bin === undefined ? before.delayMs : (bin.backlogs / bin.moments / this.base) * 1000
      const now = { delayMs, burst: bin?.burst ?? before.burst }
      queueDelayMs.push(Math.round(now.delayMs))
      burst.push(now.burst - before.burst)
      before = now
    }
    return { queueDelayMs, burst }
  }
}
