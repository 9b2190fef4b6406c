import type { Orders } from '../../core/control/job/orders'
import type { Pipeline } from '../../core/pipeline/pipeline'
import type { Tally } from '../../core/protocol/partial'
import { type AdmissionLimits, type AdmittedLines, admitRecords, linesAgain } from './admission'
import { decodeOrders } from './controller-messages'
import type { FoldedEnvelope } from './fold/fold-stage'
import type { KeptEnvelopes } from './kept-envelopes'
import { lateLetter, letterOf } from './letters'
import {
  type Admit,
  decodeAdmit,
  decodeFold,
  decodeHello,
  decodeLate,
  decodeMerge,
  decodePresent,
  encodeAdmitted,
  encodeFolded,
  encodeWelcome,
  type Fold,
  KIND,
  PROTOCOL_VERSION,
  type RefusedRequest,
  type SidecarRefusal,
  type Welcome,
} from './messages'
import { mergePartials, type PackedPane, presentWindow } from './windows'

/** What the sidecar answers with. */
export interface SidecarDependencies {
  readonly pipeline: Pipeline
  readonly version: string
  readonly limits: AdmissionLimits
  /** How the job is to cut envelopes. */
  readonly cutting: Pick<Welcome, 'idleTimeoutMs' | 'maxEnvelopeEvents' | 'maxEnvelopeBytes' | 'lingerMs'>
  readonly kept: KeptEnvelopes
  readonly fold: (lines: AdmittedLines) => Promise<FoldedEnvelope>
  /** Whether as much is being folded as memory is meant for: then the job has to wait. */
  readonly isFull: () => boolean
  /** What is known now, for the controller of the job and for people. */
  readonly facts: () => unknown
  /** The controller of the job says what is to be done from now on. */
  readonly obey: (orders: Orders) => void
  readonly epochMs: () => number
}

/** A request that is not done, and why. */
export class Refused extends Error implements RefusedRequest {
  constructor(
    readonly code: SidecarRefusal,
    message: string,
    readonly retryable: boolean,
  ) {
    super(message)
  }
}

/** One connection's way into the sidecar: nothing is done before a hello that fits. */
export class Conversation {
  private welcomed = false

  constructor(private readonly deps: SidecarDependencies) {}

  /** The payload of the answer. Rejects with Refused. */
  async answer(kind: number, payload: Uint8Array): Promise<Uint8Array> {
    const { pipeline, version, facts, obey } = this.deps
    if (kind === KIND.hello) return this.welcome(payload)
    if (!this.welcomed) throw new Refused('hello_first', 'a connection begins with a hello', false)
    switch (kind) {
      case KIND.admit:
        return this.admit(wellFormed(payload, decodeAdmit))
      case KIND.fold:
        return this.fold(wellFormed(payload, decodeFold))
      case KIND.merge:
        return wellFormed(payload, (bytes) => mergePartials(pipeline, decodeMerge(bytes)))
      case KIND.present: {
        const window = wellFormed(payload, decodePresent)
        const presented = wellFormed(payload, () => presentWindow(pipeline, version, window))
        if (presented.kind === 'final') return Buffer.from(presented.json)
        const which = `window [${window.startMs}, ${window.endMs})`
        throw new Refused('unbalanced', `${which} does not balance and is not final: ${presented.reason}`, false)
      }
      case KIND.late:
        return lateLetter(this.head, wellFormed(payload, decodeLate))
      case KIND.facts:
        return Buffer.from(JSON.stringify(facts()))
      case KIND.orders:
        obey(wellFormed(payload, decodeOrders))
        return Buffer.alloc(0)
      default:
        throw new Refused('malformed_request', `there is no request of kind ${kind}`, false)
    }
  }

  private welcome(payload: Uint8Array): Uint8Array {
    const { pipeline, version, cutting } = this.deps
    const hello = wellFormed(payload, decodeHello)
    if (hello.protocol !== PROTOCOL_VERSION) {
      const what = `the job speaks protocol ${hello.protocol}, this sidecar ${PROTOCOL_VERSION}`
      throw new Refused('protocol_version', `${what}: take jar and sidecar from one version of Spillway`, false)
    }
    if (hello.pipeline !== pipeline.name) {
      const what = `the job asks for pipeline "${hello.pipeline}", this sidecar runs "${pipeline.name}"`
      throw new Refused('unknown_pipeline', `${what}: start both with the same --pipeline`, false)
    }
    if (hello.version !== '' && hello.version !== version) {
      const what = `the job was made for version ${hello.version} of the pipelines, this sidecar has ${version}`
      throw new Refused('pipeline_version', `${what}: start the job and all sidecars from one version`, false)
    }
    this.welcomed = true
    const { sizeMs, slideMs, paneMs } = pipeline.window
    const { allowedLatenessMs, outOfOrdernessMs } = pipeline
    const times = { sizeMs, slideMs, paneMs, allowedLatenessMs, outOfOrdernessMs }
    return encodeWelcome({ protocol: PROTOCOL_VERSION, version, ...times, ...cutting })
  }

  private admit({ records, ...name }: Admit): Uint8Array {
    const { pipeline, limits, kept, epochMs } = this.deps
    const { answer, rejections, kept: lines } = admitRecords(pipeline, records, limits, epochMs())
    kept.keep(name, lines)
    const letters = rejections.map((fault) =>
      letterOf(this.head, 'rejected', name.source, records[fault.index]!, fault),
    )
    return encodeAdmitted({ ...answer, letters })
  }

  private async fold({ again, ...name }: Fold): Promise<Uint8Array> {
    const { pipeline, kept, isFull } = this.deps
    // Before it is taken: it stays here until there is room.
    if (isFull()) throw new Refused('too_many_requests', 'as much is being folded as there is memory for', true)
    const taken = kept.take(name)
    const lines = again === null ? taken : linesAgain(pipeline, again.records, again.rejected)
    if (lines === undefined) {
      const which = `envelope ${name.source}@${name.firstOffset}`
      throw new Refused('unknown_envelope', `${which} is not here any more: send its records with the request`, true)
    }
    if (lines.lines.length === 0) return encodeFolded({ lane: 'edge', panes: [], letters: [] })
    const { lane, accepted, panes, faults } = await this.deps.fold(lines)
    const letters = faults.map(({ index, ...fault }) => {
      const record = { offset: lines.offsets[index]!, bytes: Buffer.from(lines.lines[index]!) }
      return letterOf(this.head, 'dead', name.source, record, fault)
    })
    return encodeFolded({ lane, panes: panes.map((pane) => counted(pane, accepted)), letters })
  }

  private get head() {
    return { pipeline: this.deps.pipeline.name, version: this.deps.version }
  }
}

const counted = (pane: PackedPane, accepted: ReadonlyMap<number, Tally>) => ({
  ...pane,
  accepted: accepted.get(pane.startMs)!,
})

/** Bytes come from another program: what cannot be read is refused by name, and ends nothing. */
function wellFormed<Result>(payload: Uint8Array, read: (payload: Uint8Array) => Result): Result {
  try {
    return read(payload)
  } catch (error) {
    throw new Refused('malformed_request', `the request cannot be read: ${(error as Error).message}`, false)
  }
}
