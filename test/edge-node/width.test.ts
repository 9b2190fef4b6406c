import { describe, expect, test } from '@jest/globals'
import { callsBottleneck, callsInWords } from '../../edge-node/width'

const NOTHING_KNOWN = Number.POSITIVE_INFINITY

describe('the width of calls, in words', () => {
  test.each([
    ['before the node runs', undefined, /^at most 16 functions are called side by side \(maxInvokes\)$/],
    ['while each envelope has a call', { inFlightEnvelopes: 16, ceilingRate: NOTHING_KNOWN }, /\(maxInvokes\)$/],
    [
      'while envelopes wait for one',
      { inFlightEnvelopes: 20, ceilingRate: NOTHING_KNOWN },
      /, and 4 envelopes wait.*raise it/,
    ],
    [
      'while Lambda throttles',
      { inFlightEnvelopes: 20, ceilingRate: 1_234.5 },
      /Lambda throttles beyond about 1235 events\/s/,
    ],
  ])('%s', (_, facts, words) => {
    expect(callsInWords(16, facts)).toMatch(words)
  })
})

describe('what limits calls', () => {
  test.each([
    ['is not known before the node runs', undefined, 'unknown'],
    ['is nothing while less than one more turn waits', { inFlightEnvelopes: 32, ceilingRate: NOTHING_KNOWN }, 'enough'],
    ['is how many may be called when more waits', { inFlightEnvelopes: 33, ceilingRate: NOTHING_KNOWN }, 'lanes'],
    ['is the account where Lambda throttles', { inFlightEnvelopes: 1, ceilingRate: 900 }, 'functions'],
  ])('%s', (_, facts, bottleneck) => {
    expect(callsBottleneck(16, facts)).toBe(bottleneck)
  })
})
