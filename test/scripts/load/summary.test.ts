import { describe, expect, test } from '@jest/globals'
import type { LoadReport } from '../../../scripts/load/report'
import { summaryOf } from '../../../scripts/load/summary'

const CALM: LoadReport = {
  profile: { kind: 'constant', rate: 500 },
  ...{ seed: 1, runId: 'r', seconds: 3, scheduleStartMs: 0, stepStartMs: null, spikeEndMs: null },
  ...{
    interrupted: false,
    silent: false,
    sent: 1_500,
    accepted: 1_500,
    late: 0,
    partlyLate: 0,
    rejected: 0,
    failed: 0,
  },
  ...{ unanswered: 0, unsent: 0, refusals429: 0, retries: 0, reasons: {}, lag: 3 },
  latencyMs: { p50: 2.25, p90: 4, p99: 12.4, p999: 20, max: 31.7 },
  ratePerSecond: [0, 1, 2].map((t) => ({ t, scheduled: 500, accepted: 500 })),
}

const summary = (changed: Partial<LoadReport>, acceptedFile: string | null = null) =>
  summaryOf({ ...CALM, ...changed }, 'http://127.0.0.1:7070', acceptedFile).join('\n')

describe('a run in words', () => {
  test('says what was accepted, at which rate, how soon it was answered, and what to do next', () => {
    expect(summary({}, 'a.ndjson')).toBe(
      [
        '1,500 events sent in 3 s',
        '  accepted     1,500',
        '  rate         500/s accepted, while the schedule asked for 500/s',
        '  ack          p50 2.3 ms, p99 12 ms, max 32 ms after its time',
        '  sent again   0 requests, of them 0 refused with 429; a repeat counts once',
        'Check every window of it: spillway verify --url http://127.0.0.1:7070 --accepted a.ndjson',
      ].join('\n'),
    )
  })

  test('names each fate that some events had, and the reasons', () => {
    const reasons = { missing_key: 7, '429 busy': 3 }
    const text = summary({
      rejected: 7,
      late: 2,
      partlyLate: 1,
      failed: 4,
      unanswered: 5,
      unsent: 6,
      retries: 3,
      reasons,
    })
    for (const said of ['rejected     7', 'late         2', 'of them 1 too late', 'failed       4', 'unanswered   5'])
      expect(text).toContain(said)
    expect(text).toContain('unsent       6')
    expect(text).toContain('reasons      7 x missing_key, 3 x 429 busy')
  })

  test('says how to have it checked where nothing was kept to check', () => {
    expect(summary({})).toMatch(/Give --accepted FILE next time: spillway verify then computes every window again\.$/)
  })

  test('gives no figure for what did not happen', () => {
    const text = summary({ accepted: 0, silent: true, ratePerSecond: [] })
    expect(text).not.toMatch(/ack|verify|NaN|Infinity/)
  })

  test('blames the machine where the sender itself fell behind', () => {
    expect(summary({ lag: 250 })).toContain('up to 250 ms behind its own schedule')
  })

  test('says that it was interrupted', () => {
    expect(summary({ interrupted: true })).toMatch(/^1,500 events sent, until it was interrupted\n/)
  })
})
