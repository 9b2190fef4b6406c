import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { sliding } from '../../../core/pipeline/window'
import type { Answer } from '../../../core/protocol/log-record'
import type { WindowPage } from '../../../edge-node/results/results'
import { eventually } from '../../support/eventually'
import { event, type NodeOptions, T0, testNodes, testPipeline } from '../../support/fixture'

const { start } = testNodes()

/** Values whose sum depends on the order unless it is exact, and some that dead-letter. */
const VALUES = [0.1, 1e16, -0.3, 7, -1e16, 'poison', 1e-9]

/** Batches over five windows, with events that come in any order, late, or for windows closed before. */
const BATCHES = Array.from({ length: 16 }, (_, batch) =>
  Array.from({ length: 80 }, (_, index) => {
    const place = batch * 80 + index
    const seconds = Math.max(0, batch * 3 - ((place * 7) % 19) * 0.5)
    return event(`k${(place * 3) % 11}`, seconds, VALUES[place % VALUES.length])
  }).join('\n'),
)

/** Sends the batches one after the other, closes all windows and waits for them. */
async function run(options: NodeOptions) {
  const node = await start(options)
  const answers: Answer[] = []
  for (const batch of BATCHES) answers.push((await node.post(batch)).json())
  await node.post(event('closer', 200))
  await node.post(event('closer', 400))
  const windows = await eventually(async () => {
    const { windows: phases } = await node.status()
    expect([phases.closing, phases.finalizing]).toEqual([0, 0])
    return node.windows(1)
  })
  return { ...node, windows, answers }
}

/** What must not depend on where an envelope was folded. */
const invariant = (windows: WindowPage['windows']) =>
  windows.map(({ edge, burst, ...rest }) => ({ ...rest, folded: edge + burst }))
const total = (windows: WindowPage['windows'], count: 'edge' | 'burst' | 'deadLettered') =>
  windows.reduce((sum, window) => sum + window[count], 0)

/** Once a kilobyte waits at the edge, the next envelopes burst. */
const crowded = {
  mode: 'auto',
  maxEnvelopeBytes: 1_024,
  maxBacklogBytes: 1_024,
  edgeLingerMs: 20,
  burstLingerMs: 20,
} as const

describe('the windows are the same to the bit, wherever the envelopes were folded', () => {
  test.each([
    ['tumbling', testPipeline()],
    ['sliding', testPipeline({ window: sliding('10s', '5s') })],
  ])('%s', async (_, pipeline) => {
    const never = await run({ pipeline, config: { mode: 'never' } })
    const always = await run({ pipeline, config: { mode: 'always' } })
    const auto = await run({ pipeline, config: crowded })
    expect(never.windows.length).toBeGreaterThanOrEqual(5)
    expect(total(never.windows, 'deadLettered')).toBeGreaterThan(0)
    expect(never.answers.some(({ late, partlyLate }) => late + partlyLate > 0)).toBe(true)
    for (const other of [always, auto]) {
      expect(other.answers).toEqual(never.answers)
      expect(invariant(other.windows)).toEqual(invariant(never.windows))
    }
    expect([never.cloud.recordsPut, never.cloud.merges]).toEqual([0, 0])
    expect(total(always.windows, 'edge')).toBe(0)
    expect(total(auto.windows, 'burst')).toBeGreaterThan(0)
    expect(total(auto.windows, 'edge')).toBeGreaterThan(0)
  })
})

describe('every window balances', () => {
  test.each(['never', 'always', 'auto'] as const)('%s: accepted = edge + burst + dead-lettered', async (mode) => {
    const { windows, status, answers } = await run({ config: mode === 'auto' ? crowded : { mode } })
    for (const { accepted, edge, burst, deadLettered } of windows) expect(edge + burst + deadLettered).toBe(accepted)
    const { events } = await status()
    const answered = answers.reduce((sum, { accepted }) => sum + accepted, 2)
    expect(events).toMatchObject({ accepted: answered, pending: 0 })
    expect(events.edge + events.burst + events.deadLettered).toBe(answered)
  })
})

describe('dead letters', () => {
  test.each(['never', 'always'] as const)('%s: lie in their file with the line as it came', async (mode) => {
    const { folder, post, windows } = await start({ config: { mode } })
    const poison = '{"k":"a", "v":"poison","t":"2023-01-01T00:00:02Z"}'
    await post([event('a', 1), poison, event('b', 3)].join('\n'))
    await post(event('closer', 13))
    expect((await windows(1))[0]).toMatchObject({ accepted: 3, deadLettered: 1 })
    const letters = (await readFile(join(folder, 'dead-letters', `${'0'.repeat(16)}.ndjson`), 'utf8'))
      .trimEnd()
      .split('\n')
    expect(letters.map((letter) => JSON.parse(letter.split('\t')[0]!))).toEqual([
      {
        pipeline: 'test',
        version: 'v1',
        envelope: 0,
        digest: expect.any(String),
        offset: 1,
        timestampMs: T0 + 2_000,
        horizonMs: null,
        countedIn: [],
        code: 'not_a_number',
        reason: expect.any(String),
        line: poison,
      },
    ])
  })
})

test('while the stream takes nothing, envelopes come back to the edge and the windows are final all the same', async () => {
  const pipeline = testPipeline()
  const { cloud, ...first } = await start({ pipeline, config: { mode: 'always' } })
  cloud.away = true
  for (let batch = 0; batch < 5; batch++) await first.post(event('a', batch))
  await first.post(event('closer', 13))
  expect((await first.windows(1))[0]).toMatchObject({ accepted: 5, edge: 5, burst: 0 })
})

test('a new mode is for events that come after it: those before it go their way first, cut or not', async () => {
  const { app, post, windows } = await start({
    config: { mode: 'always', edgeLingerMs: 60_000, burstLingerMs: 60_000 },
  })
  await post([event('a', 1), event('b', 2)].join('\n'))
  await app.inject({ method: 'POST', url: '/v1/burst', payload: { mode: 'never' } })
  await post(event('a', 3))
  await post(event('closer', 40))
  const [first] = await windows(1)
  expect(first).toMatchObject({ burst: 2, edge: 1 })
})
