import { describe, expect, test } from '@jest/globals'
import { SPONGE } from '../../../../core/control/rivals/sponge'
import { facts } from '../../../support/sample-facts'
import { intentsAt, shareOf } from './samples'

describe('Sponge', () => {
  test.each([
    // input, backlog, share: of an edge that folds 1,000 a second
    [4_000, 2_000, 0], // two seconds of work are not too much
    [4_000, 2_001, 0.85],
    [2_000, 2_001, 0.6],
    [1_100, 2_001, 0.191],
    [1_000, 2_001, 0.1],
    [500, 2_001, 0], // folds more than arrives: 10 % of headroom and nothing to gain
    [100_000, 2_001, 0.95],
    [0, 5_000, 0],
    [0, 0, 0],
  ])('at %i events/s in, with %i waiting, offloads a share of %p', (steadyRate, backlogEvents, share) => {
    const [, intent] = SPONGE.decide(SPONGE.start, facts({ steadyRate, backlogEvents }), 0)
    expect(shareOf(intent)).toBe(share)
    expect(intent.bursting).toBe(share > 0)
  })

  test('looks once a second', () => {
    const spike = { steadyRate: 4_000, backlogEvents: 9_000 }
    const intents = intentsAt(SPONGE, [[0.1, spike]], [0.5, 0.9, 1])
    expect(intents.map(shareOf)).toEqual([0, 0, 0.85])
  })

  test('goes on for ten seconds of slack, then ends', () => {
    const spike = { steadyRate: 4_000, backlogEvents: 9_000 }
    const intents = intentsAt(
      SPONGE,
      [
        [0, spike],
        [5, { steadyRate: 500 }],
      ],
      [4, 5, 14, 15],
    ) // heavy for the last time at second 4
    expect(intents.map(shareOf)).toEqual([0.85, 0.85, 0.85, 0])
  })

  test('follows the input while it is too much', () => {
    const intents = intentsAt(
      SPONGE,
      [
        [0, { steadyRate: 4_000, backlogEvents: 9_000 }],
        [1, { steadyRate: 2_000, backlogEvents: 9_000 }],
      ],
      [0, 1],
    )
    expect(intents.map(shareOf)).toEqual([0.85, 0.6])
  })

  test('has its functions warm at all times', () => {
    expect(SPONGE.decide(SPONGE.start, facts(), 0)[1].prewarm).toBe(true)
  })
})
