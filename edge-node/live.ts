import { type FeedEvents, type FinalWindow, SAMPLE_FIELDS, type UnfinishedWindow, type WindowsNow } from './feed'
import { History } from './history'
import type { Finals } from './latest'
import { LiveReader, type Outlet } from './live-reader'
import { decisionsOf, overviewOf, sampleOf } from './overview'
import type { Status } from './status'

const SAMPLE_MS = 100 // ten a second: a spike of a second is a curve and no dot
const SLOW_TICKS = 10 // of so many samples, one comes with all that changes slowly
const SHOWN_FINALS = 40 // windows in the list
const SHOWN_UNFINISHED = 40 // sliding windows may be open by the hundred
const SHOWN_DECISIONS = 50

/** Where the live feed comes from. */
export interface LiveSource {
  readonly config: { readonly maxUsdPerHour: number }
  readonly status: () => Status
  readonly node: { readonly unready: string | null; readonly unfinished?: () => readonly UnfinishedWindow[] }
  readonly results: Finals
}

/**
 * Measures ten times a second, remembers an hour, and tells readers. What changes slowly is looked at once a second,
 * while anybody reads.
 */
export class Live {
  readonly history = new History()
  private readonly readers = new Set<LiveReader>()
  /** What readers were told last. */
  private readonly told = new Map<keyof FeedEvents, string>()
  private timer: NodeJS.Timeout | undefined
  private ticks = 0

  constructor(
    private readonly source: LiveSource,
    private readonly epochMs: () => number = Date.now,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.tick(), SAMPLE_MS).unref()
  }

  /** Says goodbye to all readers. */
  stop(): void {
    clearInterval(this.timer)
    for (const reader of this.readers) reader.end()
    this.readers.clear()
  }

  /** Adds a reader, who is told at once how things are; returns how to forget it. */
  join(outlet: Outlet): () => void {
    const reader = new LiveReader(outlet)
    reader.send('fields', JSON.stringify(SAMPLE_FIELDS))
    this.lookAround(this.source.status())
    for (const [name, json] of this.told) reader.send(name, json)
    this.readers.add(reader)
    return () => this.readers.delete(reader)
  }

  /** One measurement. */
  tick(): void {
    const status = this.source.status()
    const sample = sampleOf(status, this.epochMs())
    this.history.add(sample)
    this.ticks += 1
    if (this.readers.size === 0) return
    this.tell('sample', sample)
    if (this.ticks % SLOW_TICKS === 0) this.lookAround(status)
  }

  private lookAround(status: Status): void {
    const { config, node } = this.source
    this.tell('overview', overviewOf(status, node.unready, config, this.epochMs()))
    this.tellNews('decisions', decisionsOf(status, SHOWN_DECISIONS))
    this.tellNews('windows', this.windows())
  }

  private windows(): WindowsNow {
    const { results, node } = this.source
    const finals = results.since(Math.max(0, results.count - SHOWN_FINALS)).map(
      ({ startMs: start, endMs: end, accepted, edge, burst, deadLettered, rows }): FinalWindow => ({
        ...{ start, end, accepted: accepted[0], edge, burst, deadLettered, rows },
      }),
    )
    const unfinished = [...(node.unfinished?.() ?? [])].sort((a, b) => a.start - b.start).slice(-SHOWN_UNFINISHED)
    return { unfinished: unfinished.reverse(), finals: finals.sort((a, b) => b.start - a.start) }
  }

  private tell<Name extends keyof FeedEvents>(name: Name, data: FeedEvents[Name]): void {
    this.pass(name, JSON.stringify(data))
  }

  /** Tells it unless it is what was told last. */
  private tellNews<Name extends keyof FeedEvents>(name: Name, data: FeedEvents[Name]): void {
    const json = JSON.stringify(data)
    if (json !== this.told.get(name)) this.pass(name, json)
  }

  private pass(name: keyof FeedEvents, json: string): void {
    this.told.set(name, json)
    for (const reader of this.readers) reader.send(name, json)
  }
}
