import { appendFile, cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { WindowPage } from '../../../edge-node/results/results'
import { eventually } from '../../support/eventually'
import { event, type NodeOptions, type TestNode, testNodes } from '../../support/fixture'

const { start, newFolder } = testNodes()

const MODES = ['never', 'always', 'auto'] as const
/** So that `auto` sends a part: once a kilobyte waits at the edge, the next envelopes burst. */
const crowded = { maxEnvelopeBytes: 1_024, maxBacklogBytes: 1_024 }

const batchOf = (batch: number) => Array.from({ length: 20 }, (_, index) => event(`k${index}`, batch + index / 20, 0.1))

/** Sends events into two windows, and closes the first when told. */
async function fill(node: TestNode, closing: boolean): Promise<void> {
  for (let batch = 0; batch < 12; batch++) {
    const answer = await node.post(batchOf(batch).join('\n'), { 'idempotency-key': `batch-${batch}` })
    expect(answer.statusCode).toBe(202)
  }
  if (closing) await node.post(event('closer', 14), { 'idempotency-key': 'closing' })
}

/**
 * Sends the last event under a key, as a client does that does not know whether it arrived, and gives the two windows.
 */
async function finish(node: TestNode): Promise<WindowPage['windows']> {
  await sendUntilTaken(node, event('closer', 14), 'closing')
  await sendUntilTaken(node, event('closer', 24), 'end')
  return node.windows(2)
}

/** A start may find a larger backlog than it takes requests with. */
const sendUntilTaken = (node: TestNode, line: string, key: string) =>
  eventually(async () => expect((await node.post(line, { 'idempotency-key': key })).statusCode).toBe(202))

const ROWS_OF_FIRST = Array.from({ length: 20 }, (_, index) => ({ key: `k${index}`, n: 10, total: 1 })).sort((a, b) =>
  a.key < b.key ? -1 : 1,
)

async function expectWhole(windows: WindowPage['windows']): Promise<void> {
  expect(windows.map(({ accepted }) => accepted)).toEqual([200, 41])
  expect(windows[0]!.rows).toEqual(ROWS_OF_FIRST)
}

describe('a node that was stopped', () => {
  test.each(MODES)('%s: what it had accepted is in the final windows of the next', async (mode) => {
    const first = await start({ config: { ...crowded, mode } })
    await fill(first, false)
    await first.stop()
    const second = await start({ folder: first.folder, cloud: first.cloud, config: { ...crowded, mode } })
    expect((await second.status()).bootEpoch).toBe(2)
    await expectWhole(await finish(second))
  })

  test('with envelopes in the cloud that nobody waits for any more: they count once', async () => {
    const first = await start({ config: { mode: 'always' } })
    first.cloud.held = true
    await fill(first, true)
    await first.stop()
    const second = await start({ folder: first.folder, cloud: first.cloud })
    first.cloud.release()
    await expectWhole(await finish(second))
  })

  test('serves its final windows, its answers and its stream numbers again', async () => {
    const first = await start()
    await fill(first, true)
    const [before] = await first.windows(1)
    await first.stop()
    const second = await start({ folder: first.folder })
    expect((await second.windows(1))[0]).toEqual(before)
    const repeated = await second.post(batchOf(3).join('\n'), { 'idempotency-key': 'batch-3' })
    expect(repeated.json()).toEqual({ accepted: 20, late: 0, partlyLate: 0, horizon: null, rejected: [] })
    expect((await second.post(event('k1', 5))).json()).toMatchObject({ accepted: 0, late: 1 })
    await expectWhole(await finish(second))
    expect((await second.status()).windows.final).toBe(2)
  })

  test('adds up in its status: what it found unfinished counts as accepted', async () => {
    const first = await start()
    await fill(first, false)
    await first.stop()
    const second = await start({ folder: first.folder })
    await finish(second)
    const { events } = await eventually(async () => {
      const found = await second.status()
      expect(found.events.pending).toBe(0)
      return found
    })
    expect(events.edge + events.burst + events.deadLettered).toBe(events.accepted)
  })
})

describe('a node that was killed', () => {
  /** A second node on what the first one's disk holds now, while the first one knows nothing of it. */
  async function takeOver(first: TestNode, options: NodeOptions = {}): Promise<TestNode> {
    const folder = await newFolder()
    await cp(first.folder, folder, { recursive: true })
    return start({ ...options, folder, cloud: first.cloud })
  }

  test.each(MODES)('%s: everything it had answered is in the final windows of the next', async (mode) => {
    const config = { ...crowded, mode }
    const first = await start({ config })
    await fill(first, false)
    const second = await takeOver(first, { config })
    await expectWhole(await finish(second))
  })

  test('while windows were being merged in the cloud: the next adopts or merges them, and they count once', async () => {
    const first = await start({ config: { mode: 'always' } })
    await fill(first, true)
    const second = await takeOver(first, { config: { mode: 'always' } })
    await expectWhole(await finish(second))
  })

  test.each(['sound', 'damaged'])('after a checkpoint, now %s: everything it had answered is there', async (state) => {
    const config = { ...crowded, mode: 'auto', checkpointEveryMs: 100 } as const
    const first = await start({ config })
    await fill(first, true)
    const [name] = await eventually(async () => {
      const names = await readdir(join(first.folder, 'checkpoints'))
      expect(names).toContainEqual(expect.stringMatching(/\.checkpoint$/))
      return names.sort()
    })
    if (state === 'damaged') await appendFile(join(first.folder, 'checkpoints', name!), 'damage')
    const second = await takeOver(first)
    await expectWhole(await finish(second))
  })

  test('final windows stay as they are', async () => {
    const first = await start({ config: { mode: 'always' } })
    await fill(first, true)
    const [before] = await first.windows(1)
    const second = await takeOver(first)
    expect((await second.windows(1))[0]).toEqual(before)
    await finish(second)
    expect((await second.windows(2))[0]).toEqual(before)
  })
})
