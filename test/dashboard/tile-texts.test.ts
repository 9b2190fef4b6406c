import { describe, expect, test } from '@jest/globals'
import { overviewAt, paceAt } from '../../dashboard/src/pace'
import { burstTile, paceTile } from '../../dashboard/src/panels/tile-texts'
import { Samples } from '../../dashboard/src/plots/samples'
import { SAMPLE_FIELDS, type SampleField } from '../../edge-node/observe/feed'
import { CALM, NODE } from './calm-node'

const sample = (fields: Partial<Record<SampleField, number>>) => SAMPLE_FIELDS.map((field) => fields[field] ?? 0)

describe('the tile that says whether it keeps up', () => {
  test('looks at the queue, at the cloud and at all that was done', () => {
    expect(paceTile(NODE, CALM).big).toBe('Yes')
    expect(paceTile({ ...NODE, bursting: true }, { ...CALM, burstDelayMs: 700 }).big).toBe('Yes, with help')
    expect(paceTile(NODE, { ...CALM, queueDelayMs: 1_100 }).big).toBe('No')
    expect(paceTile({ ...NODE, bursting: true }, { ...CALM, burstDelayMs: 1_100 }).big).toBe('No')
    expect(paceTile({ ...NODE, overTargetForMs: 1_000 }, CALM).big).toBe('No')
  })

  test('fills its bar by the longer of the two delays', () => {
    expect(paceTile(NODE, { ...CALM, queueDelayMs: 100, burstDelayMs: 700 }).share).toBe(0.7)
  })
})

test('without a cloud the tile says what happens above capacity', () => {
  const tile = burstTile({ ...NODE, cloud: { ...NODE.cloud, none: true } }, CALM)
  expect([tile.big, tile.note]).toEqual(['No cloud', 'back-pressure above capacity'])
})

test('a moment of the past is told by the samples of then', () => {
  const samples = new Samples()
  samples.setFields(SAMPLE_FIELDS)
  for (let second = 0; second < 120; second++) {
    const bursting = second < 60 ? 1 : 0
    samples.add(
      sample({ atMs: second * 1_000, accepted: second * 50, bursting, queueDelayMs: second, usd: second / 3_600 }),
    )
  }
  const then = overviewAt(samples, 90, NODE)
  expect(then).toMatchObject({ atMs: 29_000, bursting: true, events: { accepted: 1_450 } })
  expect(paceAt(samples, 90)).toMatchObject({
    arrivals: 50,
    queueDelayMs: 29,
    spentLatelyUsdPerHour: expect.closeTo(1),
  })
  expect(overviewAt(samples, 0, NODE).bursting).toBe(false)
})
