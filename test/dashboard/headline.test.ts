import { describe, expect, test } from '@jest/globals'
import { headline, type Pace, problems } from '../../dashboard/src/panels/headline'
import type { Overview } from '../../edge-node/observe/feed'
import { CALM, NODE } from './calm-node'

const away = { ...NODE, cloud: { ...NODE.cloud, away: 'the cloud is away (no answer)' } }

describe('the headline', () => {
  test.each<[string, Overview, Partial<Pace>, string]>([
    ['Keeping up', NODE, {}, '100 events/s arrive, 25 % of the 400/s that fit on this machine.'],
    ['Idle', NODE, { arrivals: 0, backlogEvents: 0 }, 'Nothing arrives, nothing waits.'],
    [
      'Bursting',
      { ...NODE, bursting: true },
      { arrivals: 900, edgeRate: 300, burstRate: 600 },
      '67 % of the work is done in the cloud',
    ],
    ['Falling behind', NODE, { queueDelayMs: 2_300 }, 'An event waits 2.3 s; the target is 1 s.'],
    ['Over target', { ...NODE, overTargetForMs: 12_300 }, {}, 'Over target for 12 s: more than 1 % of the events take'],
    ['Over target', { ...NODE, overTargetForMs: 1, bursting: true }, {}, 'Over target for 1 s'],
    ['Falling behind', { ...NODE, overTargetForMs: 2_000 }, { queueDelayMs: 2_300 }, 'Over target for 2 s'],
    ['Refusing', { ...NODE, refusal: 'the edge is full' }, {}, 'Requests are refused: the edge is full.'],
    ['Over target', NODE, { burstDelayMs: 3_400 }, 'Events that burst take 3.4 s; the target is 1 s.'],
    ['Stuck', NODE, { isStuck: true, backlogEvents: 1_827 }, '1,827 events wait, and none has been folded'],
    ['Cloud away', away, {}, 'The cloud is away (no answer); the edge works alone.'],
    ['Not accepting', { ...NODE, unready: 'the disk is nearly full' }, {}, 'The disk is nearly full.'],
  ])('%s', (chip, overview, pace, words) => {
    const said = headline(overview, { ...CALM, ...pace })
    expect(said.chip).toBe(chip)
    expect(said.sentence).toContain(words)
  })

  test('what cannot be accepted is graver than what waits, and that than the cloud', () => {
    const worst = { ...away, unready: 'the log cannot be written', bursting: true }
    expect(headline(worst, { ...CALM, queueDelayMs: 5_000 }).chip).toBe('Not accepting')
    expect(headline({ ...worst, unready: null }, { ...CALM, queueDelayMs: 5_000 }).chip).toBe('Falling behind')
    expect(headline({ ...worst, unready: null, overTargetForMs: 1_000 }, CALM).chip).toBe('Over target')
    expect(headline({ ...worst, unready: null }, CALM).chip).toBe('Cloud away')
  })

  test('says why envelopes go elsewhere than the policy has in mind, and does not say the same twice', () => {
    const kept = { ...NODE, bursting: true, routeReason: 'the spending limit is reached: $10 of $10 within an hour' }
    expect(headline(kept, CALM).why).toContain('Last envelope: the spending limit is reached')
    expect(headline({ ...NODE, bursting: true }, CALM).why).toBe(NODE.reason)
  })
})

describe('the problems', () => {
  test('are none when all is well, bursting or not', () => {
    expect(problems({ ...NODE, bursting: true }, CALM)).toEqual([])
  })

  test('are said in words, each with its number', () => {
    const events = { ...NODE.events, late: 3, rejected: 2, deadLettered: 1_234 }
    const cost = { ...NODE.cost, lastHourUsd: 9 }
    const found = problems({ ...NODE, events, cost }, { ...CALM, throttledLately: 4, queueDelayMs: 1_500 })
    expect(found.map(({ text }) => text)).toEqual([
      'Queue delay is over the target of 1 s',
      '90 % of the spending limit is used',
      '4 throttled puts in the last minute',
      '1,234 dead letters since the start',
      '3 events came too late since the start',
      '2 lines were rejected since the start',
    ])
    expect(found[0]?.tone).toBe('bad')
  })

  test('say that events die, and by what most of them', () => {
    const dying = { events: 1_200, most: 'map failed at pipelines/clicks.ts:12' }
    const texts = problems({ ...NODE, dying }, CALM).map(({ text }) => text)
    expect(texts).toEqual(['Events die: 1,200 in the last minute, most by: map failed at pipelines/clicks.ts:12'])
  })

  test('include events over the target, also while the queue here is short', () => {
    const texts = problems({ ...NODE, overTargetForMs: 3_000 }, CALM).map(({ text }) => text)
    expect(texts).toEqual(['Events take longer than the target of 1 s'])
  })

  test('include a cloud half that is too narrow, and not one that nobody knows the width of', () => {
    const textsOf = (bottleneck: Overview['cloud']['bottleneck']) =>
      problems({ ...NODE, cloud: { ...NODE.cloud, bottleneck, capacity: '1 lane' } }, CALM).map(({ text }) => text)
    for (const bottleneck of ['lanes', 'shards', 'functions'] as const)
      expect(textsOf(bottleneck)).toEqual(['The cloud half is too narrow: 1 lane'])
    for (const bottleneck of ['enough', 'unknown'] as const) expect(textsOf(bottleneck)).toEqual([])
  })
})
