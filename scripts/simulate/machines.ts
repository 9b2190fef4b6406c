import type { Edge } from './edge'
import type { Intake } from './intake'

/** How many base machines there are, and how long there have been so many. */
export class Machines {
  private machineMs = 0
  private sinceMs = 0

  /** `onAdded` hears when more of them are at work. */
  constructor(
    private readonly edge: Edge,
    private readonly intake: Pick<Intake, 'traceMs'>,
    private readonly restartMs: number,
    private readonly onAdded: (atMs: number) => void,
  ) {}

  become(machines: number): void {
    if (machines === this.edge.machines) return
    this.machineMs = this.until(this.intake.traceMs)
    this.sinceMs = this.intake.traceMs
    if (machines > this.edge.machines) this.onAdded(this.intake.traceMs + this.restartMs)
    this.edge.rescale(machines, this.restartMs)
  }

  /** Machine time up to `traceMs`. */
  until(traceMs: number): number {
    return this.machineMs + Math.max(0, traceMs - this.sinceMs) * this.edge.machines
  }
}
