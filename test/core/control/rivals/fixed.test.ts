import { describe, expect, test } from '@jest/globals'
import { oracle } from '../../../../core/control/rivals/oracle'
import { NONE, staticMachines } from '../../../../core/control/rivals/static'
import { facts } from '../../../support/sample-facts'
import { intentsAt, machinesOf } from './samples'

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
