import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace as traces,
} from '@opentelemetry/api'
import type { Account } from '../../../core/protocol/protocol'
import type { Clock } from '../clock'
import type { Finish, Step, Trace } from '../observe'
import { type DerivedIds, isSampled, traceIdsOf } from './ids'

const MAX_OPEN = 10_000 // envelopes followed at once: more than may be in flight; a span takes about a kilobyte
const RESUMING: ReadonlySet<string> = new Set(['edge fold', 'seal and put'])
const MAX_OF_WINDOW = 100 // envelopes whose trace tells how their window ended: it would be the same in each

/** What spans are made with. */
export interface SpanMaking {
  readonly tracer: Tracer
  /** What the tracer takes the ids of a root span from. */
  readonly ids: DerivedIds
  readonly incarnation: string
  /** Share of the envelopes that is traced, 0 to 1. */
  readonly share: number
  readonly clock: Pick<Clock, 'epochMs' | 'monotonicMs'>
}

/** What an envelope is going through. The root is absent where its beginning was not seen: before a restart. */
interface Followed {
  readonly context: Context
  readonly root?: Span
  readonly phase: { readonly span: Span; readonly startMs: number }
}

/** Makes spans of the steps of envelopes: one over all of its way, and one for each part of it. */
export class EnvelopeTrace implements Trace {
  private readonly followed = new Map<number, Followed>()
  /** Between the monotonic clock and epoch ms: the one has fractions, the other has dates. */
  private readonly originMs: number

  constructor(private readonly making: SpanMaking) {
    this.originMs = making.clock.epochMs() - making.clock.monotonicMs()
  }

  envelope(number: number, step: Step): void {
    if (!isSampled(number, this.making.share)) return
    const nowMs = this.originMs + this.making.clock.monotonicMs()
    switch (step.kind) {
      case 'cut':
        this.begin(number, step, nowMs)
        return
      case 'durable':
        this.next(number, 'wait for its turn', nowMs)
        return
      case 'folding':
        this.next(number, 'edge fold', nowMs)
        return
      case 'folded':
        this.end(number, nowMs, { 'spillway.place': 'edge', 'spillway.dead_letters': step.deadLetters })
        return
      case 'sent':
        this.next(number, 'seal and put', nowMs, { 'spillway.reason': step.reason })
        return
      case 'put':
        this.next(number, 'in the cloud', nowMs)
        return
      case 'answered':
        return // the head says what the function did
      case 'headSeen':
        this.functionFold(number, step, nowMs)
        this.end(number, nowMs, { 'spillway.place': 'burst', 'spillway.dead_letters': step.deadLetters })
        return
      case 'reclaimed':
        this.phaseFailed(number, step.reason)
        this.next(number, 'wait for its turn', nowMs)
        return
    }
  }

  window({ endMs, edge, burst }: Account, { mergeFromMs, mergedMs, finalMs }: Finish): void {
    const numbers = [...edge, ...burst].map(([number]) => number)
    const sampled = numbers.filter((number) => isSampled(number, this.making.share)).slice(0, MAX_OF_WINDOW)
    const attributes = {
      'spillway.window_end': new Date(endMs).toISOString(),
      'spillway.envelopes': numbers.length,
      'spillway.place': burst.length > 0 ? 'burst' : 'edge',
    }
    for (const number of sampled) {
      const context = this.contextOf(number)
      this.span('merge', this.originMs + mergeFromMs, context, attributes).end(this.originMs + mergedMs)
      this.span('final', this.originMs + mergedMs, context, attributes).end(this.originMs + finalMs)
    }
  }

  private begin(number: number, { events, arrivedMs }: Extract<Step, { kind: 'cut' }>, nowMs: number): void {
    if (this.followed.size >= MAX_OPEN) return
    const startMs = Math.min(arrivedMs ?? nowMs, nowMs)
    const { ids, tracer, incarnation } = this.making
    const attributes = { 'spillway.envelope': number, 'spillway.events': events, 'spillway.incarnation': incarnation }
    const root = ids.with(traceIdsOf(incarnation, number), () =>
      tracer.startSpan('envelope', { root: true, startTime: startMs, attributes }, ROOT_CONTEXT),
    )
    const context = this.contextOf(number)
    this.span('ingest', startMs, context).end(nowMs)
    this.followed.set(number, { context, root, phase: this.phase('log append', nowMs, context) })
  }

  /** Ends the part of the way that it was on and begins the next. */
  private next(number: number, name: string, nowMs: number, attributes: Attributes = {}): void {
    const followed = this.followed.get(number)
    followed?.phase.span.end(nowMs)
    if (followed === undefined && !this.mayResume(name)) return
    const context = followed?.context ?? this.contextOf(number)
    this.followed.set(number, { ...followed, context, phase: this.phase(name, nowMs, context, attributes) })
  }

  /** Work on an envelope that was cut before a restart, or comes back after it was counted. */
  private mayResume(name: string): boolean {
    return RESUMING.has(name) && this.followed.size < MAX_OPEN
  }

  private end(number: number, nowMs: number, attributes: Attributes): void {
    const followed = this.followed.get(number)
    followed?.phase.span.setAttributes(attributes).end(nowMs)
    followed?.root?.setAttributes(attributes).end(nowMs)
    this.followed.delete(number)
  }

  /** The head says how long the fold took, but not when it was. It began after the put and had ended by now. */
  private functionFold(number: number, { work }: Extract<Step, { kind: 'headSeen' }>, nowMs: number): void {
    const followed = this.followed.get(number)
    if (followed === undefined) return
    const { span, startMs } = followed.phase
    const attributes = {
      'faas.invocation_id': work.requestId,
      'spillway.work_ms': work.ms,
      'spillway.memory_mb': work.memoryMb,
      'spillway.write_units': work.writeUnits,
      ...(work.initMs === undefined ? {} : { 'spillway.init_ms': work.initMs }),
    }
    const inCloud = traces.setSpan(followed.context, span)
    this.span('function fold', Math.max(startMs, nowMs - work.ms), inCloud, attributes).end(nowMs)
  }

  private phaseFailed(number: number, message: string): void {
    this.followed.get(number)?.phase.span.setStatus({ code: SpanStatusCode.ERROR, message })
  }

  private phase(name: string, startMs: number, context: Context, attributes: Attributes = {}): Followed['phase'] {
    return { span: this.span(name, startMs, context, attributes), startMs }
  }

  private span(name: string, startTime: number, context: Context, attributes: Attributes = {}): Span {
    return this.making.tracer.startSpan(name, { startTime, attributes }, context)
  }

  private contextOf(number: number): Context {
    const { traceId, rootSpanId: spanId } = traceIdsOf(this.making.incarnation, number)
    return traces.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED })
  }
}
