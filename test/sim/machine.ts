import { LogFailed } from '../../edge-node/log'
import { SimDisk } from './disk'
import { type Reply, SimEdge } from './edge'
import { oraclePipeline } from './sim-pipeline'
import type { Batch } from './workload'
import type { World } from './world'

/** The machine of the edge node: its disk, its clock, and the process that runs there or is down. */
export class Machine {
  disk: SimDisk
  edge: SimEdge | null = null
  /** How often the data directory has been replaced. */
  life = 0
  clockSkewMs = 0
  private boots = 0

  constructor(private readonly world: World) {
    this.disk = new SimDisk(oraclePipeline(world.scenario))
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
    const { faults, observer } = this.world
    if (faults.strikes('checkpoint damaged') && this.disk.damageCheckpoint())
      observer.saw('a restart found the newest checkpoint damaged')
    this.edge = new SimEdge(this.boots, this.world)
  }

  crash(): void {
    const { edge } = this
    if (edge === null) return
    this.world.observer.crashed(edge.node?.progress.windows)
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
      if (!isDiskError(error)) this.world.bug(error)
      isDown()
    })
  }

  /** Somebody puts another data directory in place, and tells the clients to send everything again. */
  replaceDisk(disk: SimDisk): void {
    this.crash()
    this.disk = disk
    this.life += 1
    this.note(`the data directory is replaced by one with ${disk.history.events} events`)
    this.world.beginLife()
  }

  /** The edge calls something; it may not outlive that for long. */
  edgeCalls(): void {
    const { edge, world } = this
    if (edge === null || !world.faults.strikes('edge crashes at a call')) return
    world.timeline.after(world.randomOf('crash at a call').between(0, 8), () => {
      if (this.edge === edge) this.crash()
    })
  }

  heal(): void {
    this.disk.full = false
    this.clockSkewMs = 0
    this.boot()
  }

  private goDown(edge: SimEdge): void {
    const { faults, randomOf, timeline } = this.world
    const garbage = faults.strikes('tail torn with garbage') ? randomOf('garbage').between(1, 20) : 0
    const lost = this.disk.tear(edge.log.pending(), randomOf('tear'), Buffer.alloc(garbage))
    this.note(`the edge is down; ${lost} bytes on their way to the disk are lost`)
    edge.process.kill()
    this.edge = null
    timeline.after(randomOf('downtime').between(10, 1_500), () => this.boot())
  }

  private note(what: string): void {
    this.world.trace.note('world', () => what)
  }
}

const isDiskError = (error: unknown) =>
  error instanceof LogFailed || (error instanceof Error && 'code' in error && error.code === 'ENOSPC')
