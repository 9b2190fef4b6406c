import { describe, expect, test } from '@jest/globals'
import { CPU_THRESHOLD } from '../../../../core/control/rivals/cpu-threshold'
import { oracle } from '../../../../core/control/rivals/oracle'
import { SPONGE } from '../../../../core/control/rivals/sponge'
import { NONE, staticMachines } from '../../../../core/control/rivals/static'
import { facts } from '../../../support/sample-facts'
import { intentsAt, machinesOf, type Sample, shareOf } from './samples'

describe('back-pressure', () => {
  test.each([0, 1_000, 1e9])('with %i events waiting, everything stays', (backlogEvents) => {
    const [, intent] = NONE.decide(null, facts({ backlogEvents }), 0)
    expect(intent).toMatchObject({ plan: { kind: 'valve', limitMs: Number.POSITIVE_INFINITY, prime: false } })
    expect(intent).toMatchObject({ bursting: false, prewarm: false })
  })
})

describe('over-provisioning', () => {
  test.each([1, 4, 2.5])('%p machines are there, whatever comes', (machines) => {
    const intents = intentsAt(staticMachines(machines), [[1, { backlogEvents: 1e6, arrivalRate: 1e6 }]], [0, 1, 10])
    expect(intents.map(machinesOf)).toEqual([machines, machines, machines])
  })

  test.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('%p machines are refused', (machines) => {
    expect(() => staticMachines(machines)).toThrow(RangeError)
  })
})

describe('the oracle', () => {
  const known = { binMs: 1_000, shares: [0, 0.5, 0.25], limitMs: 900 }

  test('holds a valve at its limit whatever it foresees: what passes it has to be diverted', () => {
    const intents = intentsAt(oracle(known), [[3, { arrivalRate: 100 }]], [0, 3, 4, 100])
    for (const { plan } of intents) expect(plan).toEqual({ kind: 'valve', limitMs: 900, prime: false })
  })

  test('means to burst in the bins that it foresees, from the first event on, and not after the last', () => {
    const intents = intentsAt(oracle(known), [[3, { arrivalRate: 100 }]], [0, 2, 3, 3.9, 4, 4.9, 5, 6, 100])
    const bursting = intents.map((intent) => intent.bursting)
    expect(bursting).toEqual([false, false, false, false, true, true, true, false, false])
  })

  test('events that wait are events too', () => {
    expect(intentsAt(oracle(known), [[0, { backlogEvents: 1 }]], [1])[0]!.bursting).toBe(true)
  })

  test('has functions warm ten seconds ahead, and not after the last bin that needs them', () => {
    const late = { ...known, shares: [...new Array<number>(20).fill(0), 1, 0] }
    const intents = intentsAt(oracle(late), [[0, { arrivalRate: 1 }]], [0, 9, 10, 20, 21])
    expect(intents.map(({ prewarm }) => prewarm)).toEqual([false, false, true, true, false])
  })

  test('bins without a length are refused', () => {
    expect(() => oracle({ ...known, binMs: 0 })).toThrow(RangeError)
  })
})

describe('by the load of the processor', () => {
  const busy = (utilization: number, steadyRate: number) => ({ utilization, steadyRate })

  describe('a threshold on the CPU', () => {
    test('bursts at the third sample above 80 % what exceeds 80 % of the capacity', () => {
      const intents = intentsAt(CPU_THRESHOLD, [[0, busy(1, 4_000)]], [0, 1, 1.9, 2])
      expect(intents.map(shareOf)).toEqual([0, 0, 0, 0.8])
      expect(intents.map(({ bursting }) => bursting)).toEqual([false, false, false, true])
    })

    test('one sample at 80 % begins the count anew', () => {
      const samples: Sample[] = [
        [0, busy(1, 4_000)],
        [2, busy(0.8, 900)],
        [3, busy(1, 4_000)],
      ]
      expect(intentsAt(CPU_THRESHOLD, samples, [2, 3, 4, 5]).map(shareOf)).toEqual([0, 0, 0, 0.8])
    })

    test.each([
      [4_000, 0.8],
      [1_600, 0.5],
      [800, 0],
      [400, 0],
      [0, 0],
    ])('while it bursts, at %i events/s the share is %p', (rate, share) => {
      const intents = intentsAt(
        CPU_THRESHOLD,
        [
          [0, busy(1, 4_000)],
          [3, busy(0.8, rate)],
        ],
        [3],
      )
      expect(intents.map(shareOf)).toEqual([share])
    })

    test('stops after ten samples below 50 %, and not before', () => {
      const intents = intentsAt(
        CPU_THRESHOLD,
        [
          [0, busy(1, 4_000)],
          [3, busy(0.4, 400)],
        ],
        [11, 12],
      )
      expect(intents.map(({ bursting }) => bursting)).toEqual([true, false])
    })

    test('50 % is not below: it stays on', () => {
      const intents = intentsAt(
        CPU_THRESHOLD,
        [
          [0, busy(1, 4_000)],
          [3, busy(0.5, 500)],
        ],
        [60],
      )
      expect(intents.map(({ bursting }) => bursting)).toEqual([true])
    })
  })
})

describe('by waiting work', () => {
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
})
