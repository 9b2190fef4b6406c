import type { CapacityMeter } from '../../cloud/item-store'
import { type Consumer, gbSeconds, type Usage } from '../../core/control/cost'
import type { MergeWork, Work } from '../../core/protocol/protocol'
import type { SendCounters } from './envelope-sender'

const BASE64 = 4 / 3 // items come in JSON
const LANE_SPAN_MS = 20_000 // of functions' time; half of it is kept, so that a cost that changed is soon known
// a batch's envelopes finish within seconds of each other; older ids cannot come again
const REMEMBERED_REQUESTS = 10_000

/**
 * What the cloud half has used so far, as far as the edge can know: its own calls, what heads say of the functions that
 * wrote them, and what merges answer.
 */
export class CloudUsage {
  private readonly requests = new Set<string>()
  private bursts = 0
  private merges = 0
  private lambdaGbSeconds = 0
  private lambdaInitGbSeconds = 0
  private readUnits = 0
  private writeUnits = 0
  private laneEvents = 0
  private laneMs = 0

  /** A head was seen: the envelope's share of its invocation. */
  headSeen(work: Work, events: number): void {
    if (!this.requests.has(work.requestId)) {
      this.requests.add(work.requestId)
      this.bursts += 1
      const oldest = this.requests.values().next().value
      if (this.requests.size > REMEMBERED_REQUESTS && oldest !== undefined) this.requests.delete(oldest)
    }
    this.add(work.ms, work.memoryMb, 0, work.writeUnits)
    this.lambdaInitGbSeconds += gbSeconds(work.initMs ?? 0, work.memoryMb)
    this.laneEvents += events
    this.laneMs += work.ms
    if (this.laneMs < LANE_SPAN_MS) return
    this.laneEvents /= 2
    this.laneMs /= 2
  }

  merged(work: MergeWork): void {
    this.merges += 1
    this.add(work.ms, work.memoryMb, work.readUnits, work.writeUnits)
  }

  /** Events per second that one lane folds, by the functions' last seconds of work; 0 before any did. */
  get laneRate(): number {
    return this.laneMs > 0 ? (this.laneEvents / this.laneMs) * 1000 : 0
  }

  /**
   * Calls that the edge made itself are counted by it: those that failed left no head. Not known here, and small: the
   * time of empty calls, of handing over a batch, and of calls that never wrote anything.
   */
  total(sent: SendCounters, prewarmed: number, own: readonly CapacityMeter[], consumer: Consumer): Usage {
    return {
      kinesisRecords: sent.records,
      kinesisBytes: sent.bytes,
      kinesisPutUnits: sent.putUnits,
      kinesisPushedBytes: consumer === 'fan-out' ? sent.bytes : 0,
      lambdaInvocations: Math.max(this.bursts, sent.invocations) + this.merges + prewarmed,
      lambdaGbSeconds: this.lambdaGbSeconds,
      lambdaInitGbSeconds: this.lambdaInitGbSeconds,
      readUnits: own.reduce((sum, meter) => sum + meter.readUnits, this.readUnits),
      writeUnits: own.reduce((sum, meter) => sum + meter.writeUnits, this.writeUnits),
      bytesOut: own.reduce((sum, meter) => sum + meter.readBytes * BASE64, 0),
    }
  }

  private add(ms: number, memoryMb: number, readUnits: number, writeUnits: number): void {
    this.lambdaGbSeconds += gbSeconds(ms, memoryMb)
    this.readUnits += readUnits
    this.writeUnits += writeUnits
  }
}
