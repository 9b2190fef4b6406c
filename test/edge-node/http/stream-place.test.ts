import { describe, expect, test } from '@jest/globals'
import { eventId, idBefore, placeOf } from '../../../edge-node/http/stream-place'

const OURS = '11111111-2222-4333-8444-555555555555'
const OTHER = '99999999-2222-4333-8444-555555555555'
const log = { incarnation: OURS, first: 3, count: 10 }

describe('a reader of the stream', () => {
  test('that names no id waits for the next final', () => {
    expect(placeOf(undefined, log)).toEqual({ next: 10 })
  })

  test('that names a window of this log goes on after it, also after the last one', () => {
    for (const number of [2, 3, 8, 9]) expect(placeOf(eventId(OURS, number), log)).toEqual({ next: number + 1 })
  })

  test('that asks for the start gets the oldest that is kept, by the word or by the -1 of former versions', () => {
    for (const id of ['start', '-1']) expect(placeOf(id, log)).toEqual({ next: 3 })
  })

  test('that names a window of another log gets everything and the reason, whatever the number', () => {
    for (const number of [0, 5, 99])
      expect(placeOf(eventId(OTHER, number), log)).toEqual({ next: 3, reset: 'other_log' })
  })

  test('that sends a bare number of a former version gets everything: the number names no log', () => {
    for (const id of ['0', '5', '99']) expect(placeOf(id, log)).toEqual({ next: 3, reset: 'other_log' })
  })

  test('that is ahead of the log gets everything and the reason', () => {
    for (const number of [10, 99]) expect(placeOf(eventId(OURS, number), log)).toEqual({ next: 3, reset: 'beyond_end' })
  })

  test('that sends a word that is no id is told so', () => {
    const words = ['', 'Start', 'yesterday', '-2', '1.5', '0x1', OURS, '1_', '_1', '1_-1', '1_1 ', 'x1_1', '1-1']
    for (const word of [...words, `1_${'9'.repeat(16)}`]) expect([word, placeOf(word, log)]).toEqual([word, null])
  })

  test('that is cut off before its first window goes on where it began', () => {
    for (const next of [3, 5, 10]) expect(placeOf(idBefore(OURS, next), log)).toEqual({ next })
    expect(placeOf(idBefore(OURS, 0), { ...log, first: 0 })).toEqual({ next: 0 })
  })
})
