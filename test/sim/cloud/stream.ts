import { openEnvelope } from '../../../cloud/envelope-codec'
import type { KinesisStream, StreamRecord } from '../../../cloud/stream'
import type { SimProcess } from '../edge/process'
import type { Faults } from '../faults'
import { Random } from '../random'
import type { Rules } from '../rules'
import type { Timeline } from '../timeline'

/** A record in the stream. */
export interface Taken {
  readonly sequenceNumber: string
  readonly data: Uint8Array
  readonly takenAtMs: number
}

/** What becomes of a record on its way, and what the sender hears. */
interface Fate {
  readonly copies: number
  readonly lateMs: number
  readonly accepted: boolean
  readonly throttled: number
  readonly damaged: boolean
}

/** The stream as the edge writes to it: in its own time, and with its own idea of what arrived. */
export class SimStream {
  away = false
  private sequence = 0
  private readonly random: Random

  constructor(
    seed: number,
    private readonly timeline: Timeline,
    private readonly faults: Faults,
    private readonly rules: Rules,
    /** A record is in the stream, on the lane of its partition key. */
    private readonly onTaken: (lane: number, record: Taken) => void,
  ) {
    this.random = new Random(seed, 'stream')
  }

  seenBy(process: SimProcess): Pick<KinesisStream, 'put'> {
    return {
      put: (records, onAccepted) =>
        new Promise((resolve) => {
          const failed: number[] = []
          let throttled = 0
          let open = records.length
          records.forEach((record, index) => {
            this.checkLeaving(record)
            const fate = this.fate()
            throttled += fate.throttled
            const sentMs = this.send(record, fate)
            process.after(sentMs + this.random.between(1, 20), () => {
              if (fate.accepted) onAccepted(index)
              else failed.push(index)
              open -= 1
              if (open === 0) resolve({ failed, throttled, isOutage: failed.length > 0, cpuMs: 0 })
            })
          })
        }),
    }
  }

  private checkLeaving({ data }: StreamRecord): void {
    const opened = openEnvelope(data)
    if (opened.kind === 'envelope') this.rules.leaves(opened.header)
    else this.rules.broken('an envelope can be opened', opened.reason)
  }

  /** Returns when the sender's part is over. */
  private send({ partitionKey, data }: StreamRecord, { copies, lateMs, throttled, damaged }: Fate): number {
    const sentMs = this.random.between(1, 20) + throttled * this.random.between(50, 200)
    const number = Number(partitionKey.slice(partitionKey.lastIndexOf('-') + 1))
    for (let copy = 0; copy < copies; copy++) {
      this.timeline.after(sentMs + lateMs + copy * this.random.between(0, 3_000), () => {
        const record = { sequenceNumber: String(this.sequence++), data: damaged ? this.damage(data) : data }
        this.onTaken(number, { ...record, takenAtMs: this.timeline.nowMs })
      })
    }
    return sentMs
  }

  private fate(): Fate {
    const { faults } = this
    const fate: Fate = { copies: 1, lateMs: 0, accepted: true, throttled: 0, damaged: false }
    if (this.away || faults.strikes('stream refuses')) return { ...fate, copies: 0, accepted: false }
    if (faults.strikes('stream takes and says no')) return { ...fate, accepted: false }
    return {
      ...fate,
      copies: faults.strikes('stream loses') ? 0 : faults.strikes('stream doubles') ? 2 : 1,
      lateMs: faults.strikes('stream is late') ? this.random.between(200, 8_000) : 0,
      throttled: faults.strikes('stream throttles') ? this.random.between(1, 4) : 0,
      damaged: faults.strikes('stream damages'),
    }
  }

  private damage(data: Uint8Array): Uint8Array {
    const damaged = Uint8Array.from(data)
    const at = this.random.between(0, data.length - 1)
    damaged[at] = damaged[at]! ^ (1 << this.random.between(0, 7))
    return damaged
  }
}
