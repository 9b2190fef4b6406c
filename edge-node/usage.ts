import type { CapacityMeter } from '../cloud/item-store'
import { type Usage, zeroUsage } from '../core/cost'
import type { Work } from '../core/head'
import type { MergeWork } from '../core/merge-answer'
import type { SendCounters } from './burst-sender'

const REMEMBERED_REQUESTS = 10_000 // a batch's envelopes finish within seconds of each other; older ids cannot come again

/**
 * What the cloud half has used so far, as far as the edge can know: its own calls, what heads say of the functions that wrote them, and
 * what merges answer.
 */
export class CloudUsage {
  private readonly requests = new Set<string>()
  private lambdaInvocations = 0
  private lambdaGbSeconds = 0
  private readUnits = 0
  private writeUnits = 0
  private laneEvents = 0
  private laneMs = 0

  /** A head was seen: the envelope's share of its invocation. */
  headSeen(work: Work, events: number): void {
    if (!this.requests.has(work.requestId)) {
      this.requests.add(work.requestId)
      this.lambdaInvocations += 1
      const oldest = this.requests.values().next().value
      if (this.requests.size > REMEMBERED_REQUESTS && oldest !== undefined) this.requests.delete(oldest)
    }
    this.add(work.ms, work.memoryMb, 0, work.writeUnits)
    this.laneEvents += events
    this.laneMs += work.ms
  }

  merged(work: MergeWork): void {
    this.lambdaInvocations += 1
    this.add(work.ms, work.memoryMb, work.readUnits, work.writeUnits)
  }

  /** Events per second that one lane folds; 0 before any did. */
  get laneRate(): number {
    return this.laneMs > 0 ? (this.laneEvents / this.laneMs) * 1000 : 0
  }

  total(sent: SendCounters, prewarmed: number, own: readonly CapacityMeter[]): Usage {
    return {
      ...zeroUsage(),
      kinesisRecords: sent.records,
      kinesisBytes: sent.bytes,
      kinesisPutUnits: sent.putUnits,
      lambdaInvocations: this.lambdaInvocations + prewarmed,
      lambdaGbSeconds: this.lambdaGbSeconds,
      readUnits: own.reduce((sum, meter) => sum + meter.readUnits, this.readUnits),
      writeUnits: own.reduce((sum, meter) => sum + meter.writeUnits, this.writeUnits),
    }
  }

  private add(ms: number, memoryMb: number, readUnits: number, writeUnits: number): void {
    this.lambdaGbSeconds += (ms / 1000) * (memoryMb / 1024)
    this.readUnits += readUnits
    this.writeUnits += writeUnits
  }
}
