import {
  type DecisionMade,
  type FeedEvents,
  type Overview,
  SAMPLE_FIELDS,
  type Sample,
  type WindowsNow,
} from '../observe/feed'
import { History } from './history'
import { LiveReader, type Outlet } from './live-reader'

const SAMPLE_MS = 100 // ten a second: a spike of a second is a curve and no dot
const SLOW_TICKS = 10 // of so many samples, one comes with all that changes slowly

/** How things are at one moment; what is only looked at now and then is made when it is asked for. */
export interface Moment {
  readonly sample: Sample
  readonly overview: () => Overview
  readonly decisions: () => readonly DecisionMade[]
  readonly windows: () => WindowsNow
}

/** Where the live feed comes from; asked with the epoch time in ms. */
export type LiveSource = (atMs: number) => Moment

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
    this.lookAround(this.source(this.epochMs()))
    for (const [name, json] of this.told) reader.send(name, json)
    this.readers.add(reader)
    return () => this.readers.delete(reader)
  }

  /** One measurement. */
  tick(): void {
    const moment = this.source(this.epochMs())
    const { sample } = moment
    this.history.add(sample)
    this.ticks += 1
    if (this.readers.size === 0) return
    this.tell('sample', sample)
    if (this.ticks % SLOW_TICKS === 0) this.lookAround(moment)
  }

  private lookAround({ overview, decisions, windows }: Moment): void {
    this.tell('overview', overview())
    this.tellNews('decisions', decisions())
    this.tellNews('windows', windows())
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
