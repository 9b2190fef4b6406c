import { describe, expect, test } from '@jest/globals'
import { causeOf, DyingEvents } from '../../../edge-node/dead-letters/dying-events'

const letters = (events: number, reason: string) =>
  Array.from({ length: events }, () => ({ code: 'map_failed', reason }) as const)
const AT_12 = 'map failed at pipelines/clicks.ts:12'

describe('what an event died of', () => {
  test.each([
    [`${AT_12}: the price of "pens" is 0`, AT_12],
    ['field "price" is not a finite number: "a secret"', 'field "price" is not a finite number'],
    ['the event has no field "page" for its key; it has "secret"', 'the event has no field "page" for its key'],
  ])('holds nothing of the event: %s', (reason, cause) => {
    expect(causeOf({ code: 'map_failed', reason })).toBe(cause)
  })

  test('is the hand that took it out, and not what that hand wrote', () => {
    expect(causeOf({ code: 'by_hand', reason: 'customer 17 asked for it' })).toBe('taken out by hand')
  })
})

describe('events that die', () => {
  test('are told after a second, and then once a minute with all that died meanwhile', () => {
    const dying = new DyingEvents()
    expect(dying.toTell(0)).toBeNull()
    dying.note(letters(1, 'map failed: a'), 1_000)
    expect(dying.toTell(1_999)).toBeNull()
    expect(dying.toTell(2_000)).toEqual({ events: 1, most: 'map failed' })
    dying.note(letters(2, 'map failed: b'), 3_000)
    dying.note(letters(5, `${AT_12}: c`), 30_000)
    expect(dying.toTell(61_999)).toBeNull()
    expect(dying.toTell(62_000)).toEqual({ events: 7, most: AT_12 })
    expect(dying.toTell(200_000)).toBeNull()
  })

  test('are counted over the last minute', () => {
    const dying = new DyingEvents()
    dying.note(letters(5, `${AT_12}: c`), 0)
    dying.note(letters(3, 'map failed: c'), 40_000)
    expect(dying.lately(59_000)).toEqual({ events: 8, most: AT_12 })
    expect(dying.lately(60_000)).toEqual({ events: 3, most: 'map failed' })
    expect(dying.lately(100_000)).toEqual({ events: 0, most: null })
  })

  test('of ever new causes take bounded memory, and are all counted', () => {
    const dying = new DyingEvents()
    for (let cause = 0; cause < 1_000; cause++) dying.note(letters(1, `cause ${cause}: x`), 0)
    expect(dying.toTell(1_000)).toEqual({ events: 1_000, most: 'other reasons' })
  })
})
