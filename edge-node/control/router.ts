import type { Lanes } from '../../cloud/deployment'
import type { Envelope } from '../../core/protocol/envelope'
import type { Intake } from '../../core/protocol/intake'
import type { Ledger } from '../../core/protocol/ledger'
import type { Overflow } from '../burst/burst'
import { type Config, lanesOf } from '../config/config'
import type { ApartLane } from '../fold/apart/apart'
import type { Workers } from '../fold/workers'
import type { Cutter } from '../ingest/cutter'
import type { Unread } from '../log/unread'
import { Controller, type ControllerDependencies, type Readings } from './control'

/** Where envelopes come from and may go. */
export interface RouterDependencies extends Omit<ControllerDependencies, 'mode' | 'limits' | 'readings' | 'prewarm'> {
  readonly config: Config
  readonly intake: Pick<Intake, 'open'>
  readonly ledger: Ledger
  readonly cutter: Pick<Cutter, 'waiting'>
  readonly workers: Pick<Workers, 'backlog' | 'counters' | 'enqueue' | 'last' | 'takeLast'>
  readonly apart: Pick<ApartLane, 'backlog'>
  /** Queued envelopes that are not in memory. */
  readonly unread: Pick<Unread, 'backlog'>
  readonly overflow: Overflow
  /** What the cloud has now. */
  readonly lanes: () => Lanes
  /** Events accepted by this process so far: what it found in its log did not arrive now. */
  readonly admitted: () => number
}

/** Tells the controller what is known, asks it where each envelope goes, and sends it there. */
export class Router {
  readonly controller: Controller

  constructor(private readonly deps: RouterDependencies) {
    const { config, overflow } = deps
    const readings = () => this.readings()
    const prewarm = () => overflow.prewarm()
    this.controller = new Controller({ ...deps, mode: config.mode, limits: config, readings, prewarm })
  }

  route(envelope: Envelope): void {
    const { workers, overflow } = this.deps
    const decision = this.controller.route({ events: envelope.count, aheadEvents: workers.backlog.events })
    switch (decision.route) {
      case 'edge':
        workers.enqueue(envelope)
        return
      case 'burst':
        overflow.send(envelope, decision)
        return
    }
  }

  /** Envelopes that wait at the edge may still burst: after a recovery, or when the work has become slower. */
  burstWaiting(): void {
    const { workers, overflow } = this.deps
    if (!this.controller.mayTakeBack) return
    for (let last = workers.last; last !== undefined; last = workers.last) {
      const aheadEvents = workers.backlog.events - last.count
      const decision = this.controller.route({ events: last.count, aheadEvents })
      if (decision.route !== 'burst') return
      overflow.send(workers.takeLast()!, decision)
    }
  }

  private readings(): Readings {
    const { intake, ledger, cutter, workers, apart, unread, overflow, config, lanes, admitted } = this.deps
    const { inFlight: inFlightEnvelopes, inFlightEvents, inFlightBytes } = ledger.tally()
    const { events, bytes } = workers.backlog
    const { open } = intake
    const { waiting } = cutter
    const { backlog: left } = unread
    return {
      ...workers.counters(),
      ...overflow.readings(),
      accepted: admitted(),
      backlogEvents: events + open.events + waiting.events + left.events,
      backlogBytes: bytes + apart.backlog.bytes + open.bytes + waiting.bytes + left.bytes,
      ...{ inFlightEnvelopes, inFlightEvents, inFlightBytes },
      lanes: lanesOf(config, lanes()),
    }
  }
}
