import { describe, expect, test } from '@jest/globals'
import { History } from '../../../edge-node/http/history'
import { SAMPLE_FIELDS, type Sample, type SampleField } from '../../../edge-node/observe/feed'

const sample = (atMs: number, values: Partial<Record<SampleField, number>> = {}): Sample =>
  SAMPLE_FIELDS.map((field) => (field === 'atMs' ? atMs : (values[field] ?? 0)))
const column = (samples: readonly Sample[], field: SampleField) =>
  samples.map((values) => values[SAMPLE_FIELDS.indexOf(field)])

describe('the history', () => {
  test('keeps so many seconds and so many samples, and forgets the oldest', () => {
    const history = new History(5, 20)
    for (let atMs = 0; atMs < 10_000; atMs += 100) history.add(sample(atMs))
    const { seconds, recent } = history.answer()
    expect(column(recent, 'atMs')).toEqual(Array.from({ length: 20 }, (_, age) => 8_000 + age * 100))
    // Five that are over, and the one in progress.
    expect(column(seconds, 'atMs')).toEqual([4_900, 5_900, 6_900, 7_900, 8_900, 9_900])
  })

  test('of a second it keeps the peak of what goes up and down, and the last of what counts', () => {
    const history = new History()
    for (const [atMs, queueDelayMs, accepted] of [
      [100, 5, 1],
      [500, 900, 2],
      [900, 7, 3],
      [1_100, 1, 4],
    ] as const)
      history.add(sample(atMs, { queueDelayMs, accepted }))
    const { seconds } = history.answer()
    expect(column(seconds, 'queueDelayMs')).toEqual([900, 1])
    expect(column(seconds, 'accepted')).toEqual([3, 4])
  })

  test('tells nothing before the first sample, and names its fields', () => {
    expect(new History().answer()).toEqual({ fields: SAMPLE_FIELDS, seconds: [], recent: [] })
    expect(new History().newest).toBeUndefined()
  })
})
