import { CannotRecover } from '../../../edge-node/disk/disk'
import { LogFailed } from '../../../edge-node/log/log'
import type { Cloud } from '../cloud/event-source'
import type { Context } from '../context'
import type { Batch } from '../workload'
import { SimDisk } from './disk'
import { type Host, type Reply, SimEdge } from './edge'
import { oraclePipeline } from './sim-pipeline'

/** The machine of the edge node: its disk, its clock, and the process that runs there or is down. */
export class Machine implements Host {
  disk: SimDisk
  edge: SimEdge | null = null
  /** How often the data directory has been replaced. */
  life = 0
  clockSkewMs = 0
  private boots = 0

  constructor(
    private readonly context: Context,
    private readonly cloud: Cloud,
    /** The data directory is another one from now on, and the clients are to send everything again. */
    private readonly onNewLife: () => void,
  ) {
    this.disk = new SimDisk(oraclePipeline(context.scenario))
  }

  /** A request arrives. */
  deliver({ key, lines }: Batch, reply: (reply: Reply) => void): void {
    const { edge } = this
    if (edge === null) reply({ status: 503, retryAfterMs: 200 })
    else edge.process.after(0, () => edge.receive(key, lines, reply))
  }

  boot(): void {
    if (this.edge !== null) return
    this.boots += 1
    const { faults, observer } = this.context
    if (faults.strikes('checkpoint damaged') && this.disk.damageCheckpoint())
      observer.saw('a restart found the newest checkpoint damaged')
    if (faults.strikes('a byte of the log rots')) this.damage(this.disk.rot(this.context.randomOf('rot')))
    if (faults.strikes('newest segment lost')) this.damage(this.disk.loseNewest())
    this.edge = this.started()
    if (faults.strikes('two starts at once'))
      this.context.timeline.after(this.context.randomOf('two starts').between(0, 20), () => this.startAgain())
  }

  /** A start takes the lock of the folder first. */
  private started(): SimEdge {
    const edge = new SimEdge(this.boots, this.context, this.cloud, this)
    this.disk.holder = edge.process
    return edge
  }

  /** Somebody starts a second node on the folder of one that runs. */
  private startAgain(): void {
    if (this.isHeld()) this.context.observer.saw('a second start was refused')
    else if (this.edge !== null) this.started()
  }

  /** The kernel lets go of the lock when the process ends. */
  private isHeld(): boolean {
    return this.disk.holder?.alive === true
  }

  diesOf(edge: SimEdge): void {
    if (this.edge !== edge) return
    this.context.observer.saw('an event ended the edge')
    this.crash()
  }

  crash(): void {
    const { edge } = this
    if (edge === null) return
    this.context.observer.crashed(edge.node?.progress.windows)
    this.note('the edge crashes')
    this.goDown(edge)
  }

  restart(): void {
    const { edge } = this
    if (!edge?.node || edge.isStopping) return
    edge.isStopping = true
    this.note('the edge is stopped in order')
    const isDown = () => {
      if (this.edge === edge) this.goDown(edge)
    }
    edge.node.stop().then(isDown, (error) => {
      if (!isDiskError(error)) this.context.bug(error)
      isDown()
    })
  }

  replaceDisk(disk: SimDisk): void {
    this.crash()
    this.disk = disk
    this.life += 1
    this.note(`the data directory is replaced by one with ${disk.history.events} events`)
    this.onNewLife()
  }

  edgeCalls(): void {
    const { edge, context } = this
    if (edge === null || !context.faults.strikes('edge crashes at a call')) return
    context.timeline.after(context.randomOf('crash at a call').between(0, 8), () => {
      if (this.edge === edge) this.crash()
    })
  }

  heal(): void {
    this.disk.full = false
    this.disk.isLow = false
    this.clockSkewMs = 0
    this.boot()
  }

  /**
   * A start on a damaged log is refused by name; then somebody restores the file. `undo`: null where there was nothing
   * to damage.
   */
  private damage(undo: (() => void) | null): void {
    if (undo === null) return
    const { rules, observer } = this.context
    try {
      this.disk.read(this.disk.newestCheckpoint()?.segment ?? 0)
      rules.broken('damage of the log is never silent', 'a start on a damaged log was not refused')
    } catch (error) {
      if (!(error instanceof CannotRecover)) throw error
      observer.saw('a start on a damaged log was refused')
    }
    undo()
  }

  private goDown(edge: SimEdge): void {
    const { context } = this
    const garbage = context.faults.strikes('tail torn with garbage') ? context.randomOf('garbage').between(1, 20) : 0
    const lost = this.disk.tear(edge.log.pending(), context.randomOf('tear'), Buffer.alloc(garbage))
    this.note(`the edge is down; ${lost} bytes on their way to the disk are lost`)
    edge.process.kill()
    this.edge = null
    context.timeline.after(context.randomOf('downtime').between(10, 1_500), () => this.boot())
  }

  private note(what: string): void {
    this.context.trace.note('world', () => what)
  }
}

const isDiskError = (error: unknown) =>
  error instanceof LogFailed || (error instanceof Error && 'code' in error && error.code === 'ENOSPC')
