import { ClientError } from './client-error'

/** A server-sent event. */
export interface ServerEvent {
  readonly name: string
  readonly data: string
  /** The last id up to this event; empty where none came. */
  readonly lastEventId: string
}

/** An event `window` has up to 1,000 rows: a few hundred KB. Anything like this is no stream of a node. */
const MAX_CHARS = 64 * 1024 * 1024

/**
 * Reads server-sent events from text as it comes, after the HTML standard ("Interpreting an event stream"): lines end in
 * LF, CR or CRLF, a blank line ends an event, and one without data sets the id and is none.
 */
export class EventStreamParser {
  lastEventId = ''
  private rest = ''
  private isFirst = true
  private chars = 0
  private id = ''
  private name = ''
  private data: string[] = []

  /** The events that this piece of the stream completes. Throws ClientError for an event beyond all measure. */
  push(piece: string): ServerEvent[] {
    const text = this.rest + (this.isFirst && piece !== '' ? piece.replace(/^\uFEFF/, '') : piece)
    if (piece !== '') this.isFirst = false
    const events: ServerEvent[] = []
    let start = 0
    for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/g)) {
      // A CR at the end may be the half of a CRLF: the next piece tells.
      if (end === '\r' && index === text.length - 1) break
      const event = this.line(text.slice(start, index))
      if (event !== null) events.push(event)
      start = index + end.length
    }
    this.rest = text.slice(start)
    if (this.chars + this.rest.length > MAX_CHARS) {
      throw new ClientError('answer_too_large', `an event of the stream has over ${MAX_CHARS} characters`, false)
    }
    return events
  }

  private line(line: string): ServerEvent | null {
    if (line === '') return this.dispatch()
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') {
      this.data.push(value)
      this.chars += value.length
    } else if (field === 'event') this.name = value
    else if (field === 'id' && !value.includes('\0')) this.id = value
    return null
  }

  private dispatch(): ServerEvent | null {
    const { name, data } = this
    this.name = ''
    this.data = []
    this.chars = 0
    this.lastEventId = this.id
    if (data.length === 0) return null
    return { name: name === '' ? 'message' : name, data: data.join('\n'), lastEventId: this.id }
  }
}
