import { describe, expect, test } from '@jest/globals'
import { KeptReadings } from '../../../edge-node/ingest/kept-readings'

const readingsOf = (events: number) => ({
  panes: new Array<number>(events).fill(0),
  found: new Array<null>(events).fill(null),
})

describe('what ingest has read', () => {
  test('is there until the envelope is counted', () => {
    const kept = new KeptReadings()
    const readings = readingsOf(3)
    kept.keep(7, readings)
    expect(kept.of(7)).toBe(readings)
    kept.drop(7)
    expect(kept.of(7)).toBeUndefined()
  })

  test('is not kept beyond 200,000 events, which are read again, until there is room', () => {
    const kept = new KeptReadings()
    kept.keep(1, readingsOf(150_000))
    kept.keep(2, readingsOf(60_000))
    expect(kept.of(2)).toBeUndefined()
    kept.drop(2) // it was never there, so nothing is gained
    kept.keep(3, readingsOf(60_000))
    expect(kept.of(3)).toBeUndefined()
    kept.drop(1)
    kept.keep(4, readingsOf(60_000))
    expect(kept.of(4)).toBeDefined()
  })
})
