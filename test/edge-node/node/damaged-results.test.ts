import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { event, type TestNode, testNodes } from '../../support/fixture'

const { start } = testNodes()

/** Two final windows, and the node stopped. */
async function twoFinals(mode: 'never' | 'always'): Promise<TestNode> {
  const node = await start({ config: { mode } })
  for (const [batch, seconds] of [1, 5, 11, 15].entries())
    await node.post([event('a', seconds), event('b', seconds, seconds)].join('\n'), { 'idempotency-key': `${batch}` })
  await node.post(event('closer', 34))
  await node.windows(2)
  await node.stop()
  return node
}

const results = (node: TestNode) => join(node.folder, 'results')
const fileOfFirst = async (node: TestNode) => join(results(node), (await readdir(results(node))).sort()[0]!)

const HARMS: Record<string, (path: string) => Promise<void>> = {
  'with a byte flipped': async (path) => {
    const bytes = await readFile(path)
    bytes[bytes.length >> 1]! ^= 4
    await writeFile(path, bytes)
  },
  'cut in half': async (path) => {
    const bytes = await readFile(path)
    await writeFile(path, bytes.subarray(0, bytes.length >> 1))
  },
  empty: (path) => writeFile(path, ''),
  absent: (path) => rm(path),
  'of another window': async (path) => {
    const other = (await readdir(join(path, '..'))).sort()[1]!
    await writeFile(path, await readFile(join(path, '..', other)))
  },
}

describe.each(Object.entries(HARMS))('a result file %s', (_, harm) => {
  test('is named by the page, which serves the other windows; status and metrics count it', async () => {
    const first = await twoFinals('never')
    await harm(await fileOfFirst(first))
    const node = await start({ folder: first.folder })
    const [damaged, sound] = await node.windows(2)
    expect(damaged).toMatchObject({ accepted: 4, rows: [], error: { code: 'result_damaged' } })
    expect(damaged!.error!.message).toContain(results(first))
    expect(sound!.rows.length).toBe(2)
    expect(sound).not.toHaveProperty('error')
    expect((await node.status()).windows).toMatchObject({ final: 2, kept: 2, damaged: 1 })
    expect((await node.app.inject('/metrics')).body).toContain('spillway_results_damaged 1')
    expect((await node.app.inject('/v1/latest')).json().rows.map(({ start }: { start: number }) => start)).toEqual(
      Array(2).fill(sound!.start),
    )
  })

  test('is made again from the candidate in the cloud', async () => {
    const first = await twoFinals('always')
    const path = await fileOfFirst(first)
    const before = await readFile(path)
    await harm(path)
    const node = await start({ folder: first.folder, cloud: first.cloud })
    const windows = await node.windows(2)
    expect(windows.map(({ rows }) => rows.length)).toEqual([2, 2])
    expect(windows[0]).not.toHaveProperty('error')
    expect((await node.status()).windows.damaged).toBe(0)
    expect((await readFile(path)).equals(before)).toBe(true)
  })
})

test('a candidate with other rows than the final names is not taken', async () => {
  const first = await twoFinals('always')
  await rm(await fileOfFirst(first))
  const { results: store } = first.cloud
  const node = await start({ folder: first.folder, cloud: first.cloud })
  const rows = store.rows.bind(store)
  store.rows = async (...args) => (await rows(...args))?.slice(1) ?? null
  expect((await node.windows(2))[0]).toMatchObject({ rows: [], error: { code: 'result_damaged' } })
})

test('a cloud that does not answer is asked again', async () => {
  const first = await twoFinals('always')
  await rm(await fileOfFirst(first))
  const { results: store } = first.cloud
  const node = await start({ folder: first.folder, cloud: first.cloud })
  const candidate = store.candidate.bind(store)
  store.candidate = async () => Promise.reject(new Error('away'))
  expect((await node.windows(2))[0]!.error!.message).toContain('ask again')
  store.candidate = candidate
  expect((await node.windows(2))[0]!.rows.length).toBe(2)
})
