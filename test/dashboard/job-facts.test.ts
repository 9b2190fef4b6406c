import { describe, expect, test } from '@jest/globals'
import { cellsOf, jobFacts } from '../../dashboard/src/panels/job-facts'
import type { JobOverview, SidecarShown } from '../../edge-node/observe/feed'

const JOB: JobOverview = {
  ...{ jobId: 'j', name: 'spillway bids', state: 'RUNNING', problem: null, parallelism: 4 },
  ...{ lagRecords: 12_000, lagSeconds: 3.5, arrivedPerSecond: 5_000, readPerSecond: 3_400, restarts: 1 },
  checkpoints: {
    ...{ inProgress: 0, completed: 88, failed: 2, lastAtMs: 10_000, lastDurationMs: 58, lastBytes: 2_048 },
    lastFailure: 'it expired',
  },
  sidecars: [],
}
const NOW: SidecarShown['now'] = {
  ...{ mode: 'auto', bursting: true, isSending: true, reason: '', trueRate: 2_000, arrivalRate: 5_000 },
  ...{ queueDelayMs: 420, backlogEvents: 840, inFlightEvents: 1_200, edge: 5_000, burst: 700, deadLettered: 3 },
  ...{ lanes: 14, maxUsdPerHour: 8, spentUsd: 0.5, ordersAgoMs: 100 },
}
const sidecar = (some: Partial<SidecarShown>): SidecarShown => ({
  ...{ name: 'a', hearing: 'heard', problem: null, now: NOW, orders: null },
  ...some,
})

describe('the panel of a job says', () => {
  test('what is known', () => {
    expect(Object.fromEntries(jobFacts(JOB, 14_000))).toEqual({
      Parallelism: '4',
      Lag: '12,000 records, 3.5 s',
      'Arrive, and are read': '5,000/s, 3,400/s',
      'Last checkpoint': '4 s ago, took 58 ms, 2 KiB',
      Checkpoints: '88 completed, 2 failed: it expired',
      Restarts: '1',
    })
  })

  test('what is not', () => {
    const nothing = { parallelism: null, lagRecords: null, lagSeconds: null, restarts: null, readPerSecond: null }
    const checkpoints = { ...JOB.checkpoints, lastAtMs: null, lastFailure: null }
    const facts = Object.fromEntries(jobFacts({ ...JOB, ...nothing, checkpoints }, 0))
    expect(facts).toMatchObject({ Lag: 'not known', Restarts: 'not known', 'Last checkpoint': 'none yet' })
  })
})

describe('the row of a sidecar says', () => {
  test('its state, its queue, what it did where, and its share', () => {
    expect(cellsOf(sidecar({}))).toEqual([
      ...['bursting', '420 ms, 840 events', '5,000 + 700', '14, 1,200 events away', '$0.500 of $8.000'],
    ])
  })

  test.each([
    [{ now: { ...NOW!, isSending: false } }, 'ready to burst'],
    [{ now: { ...NOW!, isSending: false, bursting: false, mode: 'never' as const } }, 'edge only, mode never'],
    [{ hearing: 'silent' as const, problem: 'no answer' }, 'silent (no answer); it goes by its last orders'],
    [{ hearing: 'gone' as const, problem: 'nobody', now: null }, 'gone: nobody'],
  ])('%#: %s', (some, state) => {
    expect(cellsOf(sidecar(some))[0]).toBe(state)
  })
})
