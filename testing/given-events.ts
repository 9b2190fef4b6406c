import { PipelineTestError } from './pipeline-test-error'

/** Events as they are given: objects, lines of JSON, or one text of many lines. */
export type GivenEvents = string | Iterable<object | string>

/** An event and the line in which it would be sent. */
export interface GivenLine {
  readonly index: number
  readonly event: unknown
  readonly line: string
}

/** A test is run often; what needs more events than this is a load test, which `spillway load` is for. */
const MAX_EVENTS = 100_000

/** The events, each with its line; blank lines are passed over. Throws PipelineTestError for what has no line. */
export function givenLines(events: GivenEvents): GivenLine[] {
  const found: GivenLine[] = []
  const add = (event: unknown, line: string) => {
    if (found.length === MAX_EVENTS) throw tooMany()
    found.push({ index: found.length, event, line })
  }
  for (const event of typeof events === 'string' ? [events] : events) {
    if (typeof event !== 'string') add(event, lineOf(event, found.length))
    else for (const line of event.split('\n')) if (line.trim() !== '') add(line, line.trim())
  }
  return found
}

function lineOf(event: object, index: number): string {
  try {
    return JSON.stringify(event)
  } catch (error) {
    throw new PipelineTestError('unreadable_event', `event ${index} cannot be written as JSON: ${String(error)}`)
  }
}

const tooMany = () =>
  new PipelineTestError('too_many_events', `a run takes at most ${MAX_EVENTS} events; give it fewer of them`)
