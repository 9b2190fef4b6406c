import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { EventStreamParser } from '../../client/event-stream'

const eventsIn = (...pieces: string[]) => {
  const parser = new EventStreamParser()
  return pieces.flatMap((piece) => parser.push(piece))
}
const message = (data: string, lastEventId = '') => ({ name: 'message', data, lastEventId })

/** The examples of the HTML standard, and its rules for what they leave open. */
describe('the stream of server-sent events', () => {
  test('joins lines of data with line breaks', () => {
    expect(eventsIn('data: YHOO\ndata: +2\ndata: 10\n\n')).toEqual([message('YHOO\n+2\n10')])
  })

  test('takes comments, ids and events without a name; a space after the colon is left out, and only one', () => {
    const text = ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n'
    expect(eventsIn(text)).toEqual([message('first event', '1'), message('second event'), message(' third event')])
  })

  test('takes an empty line of data for an event, and no event for one that the stream does not end', () => {
    expect(eventsIn('data\n\ndata\ndata\n\ndata:')).toEqual([message(''), message('\n')])
  })

  test('keeps the id of a block without data, which is no event', () => {
    const parser = new EventStreamParser()
    expect(parser.push('event: window\nid: 7\n\n')).toEqual([])
    expect(parser.lastEventId).toBe('7')
    expect(parser.push('data: x\n\n')).toEqual([message('x', '7')])
  })

  test('forgets the name of an event with it, and passes over fields that it does not know, and an id with a NUL', () => {
    const text = 'event: window\ndata: a\nretry: soon\nnothing: x\n\nid: 1\0\ndata: b\n\n'
    expect(eventsIn(text)).toEqual([{ name: 'window', data: 'a', lastEventId: '' }, message('b')])
  })

  test('leaves out one byte order mark at the beginning', () => {
    expect(eventsIn('\uFEFFdata: a\n\n\uFEFFdata: b\n\n')).toEqual([message('a')])
  })

  test('gives the same for any end of line and any pieces', () => {
    const lines = [
      'id: 1',
      'event: window',
      'data: {"a":1}',
      '',
      ': waiting',
      '',
      'data: x',
      'data: y',
      '',
      'id: 2',
      '',
    ]
    const expected = eventsIn(lines.map((line) => `${line}\n`).join(''))
    expect(expected).toHaveLength(2)
    const ends = fc.array(fc.constantFrom('\n', '\r', '\r\n'), { minLength: lines.length, maxLength: lines.length })
    fc.assert(
      fc.property(ends, fc.array(fc.nat(60)), (chosen, cuts) => {
        const text = `${lines.map((line, at) => line + chosen[at]).join('')}: end`
        const places = [0, ...cuts.sort((a, b) => a - b), text.length]
        const pieces = places.slice(1).map((to, at) => text.slice(places[at], to))
        // A CR that ends a piece, followed by a LF that is a line end of its own, would be one end: not generated here.
        fc.pre(!chosen.some((end, at) => end === '\r' && lines[at + 1] === '' && chosen[at + 1] === '\n'))
        expect(eventsIn(...pieces)).toEqual(expected)
      }),
    )
  })
})
