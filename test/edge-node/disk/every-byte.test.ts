import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { CannotRecover } from '../../../edge-node/disk/disk'
import { event, startNode, type TestNode, testNodes, testPipeline } from '../../support/fixture'

const { start, newFolder } = testNodes()
const FLIPS_PER_FILE = Number(process.env.FLIPS_PER_FILE ?? 12) // the whole of every file: FLIPS_PER_FILE=100000

/** How a start on a damaged folder went. `named`: it serves, and says of a window that its rows are lost. */
type Outcome = 'refused' | 'identical' | 'named'

interface Window {
  readonly rows: unknown
  readonly error?: { readonly code: string }
}

interface Shown {
  readonly windows: readonly Window[]
  readonly repeated: unknown
  readonly deadLetters: unknown
  readonly corrections: unknown
  /** What a replay would do about each dead letter. */
  readonly replays: unknown
}

const REQUESTS: readonly (readonly [key: string, body: string])[] = [
  ['one', [event('a', 1, 0.1), event('b', 2, 'no number'), event('c', 3, 0.2), event('broken', 4)].join('\n')],
  ['two', [event('a', 11, 1), event('b', 12, 2)].join('\n')],
  ['three', event('d', 25, 3)],
  ['four', [event('a', 45, 5), event('b', 46, 6), event('broken late', 47)].join('\n')],
]

/** A pipeline whose `map` fails for the keys that begin so, until somebody has mended it. */
const mending = (isMended: boolean) =>
  testPipeline({
    map: (each) => {
      if (!isMended && each.k.startsWith('broken')) throw new Error('not yet')
      return each
    },
  })

/**
 * A folder with a checkpoint in the middle of its history, final windows, dead letters, one of them corrected and one
 * sent again, and open windows; stopped by a crash after the log was idle.
 */
async function made(): Promise<string> {
  const first = await start({ pipeline: mending(false) })
  for (const [key, body] of REQUESTS.slice(0, 3)) await first.post(body, { 'idempotency-key': key })
  await first.windows(2)
  await first.stop()
  const second = await start({ folder: first.folder, pipeline: mending(false) })
  await second.post(REQUESTS[3]![1], { 'idempotency-key': 'four' })
  await second.windows(3)
  await second.stop()
  const third = await start({ folder: first.folder, pipeline: mending(true) })
  await replay(third, false)
  await third.stop()
  return first.folder
}

async function replay({ app }: TestNode, dryRun: boolean): Promise<unknown> {
  const { deadLetters } = (await app.inject('/v1/dead-letters')).json()
  const ids = deadLetters.map(({ id }: { id: string }) => id)
  return (await app.inject({ method: 'POST', url: '/v1/replays', payload: { ids, dryRun } })).json()
}

/** What a node on the folder shows: its windows, and the answers to requests that it has answered before. */
async function shownBy(folder: string): Promise<Shown> {
  const node = await startNode({ folder, pipeline: mending(true) })
  try {
    const windows = await node.windows(3)
    const repeated = []
    for (const [key, body] of REQUESTS) repeated.push((await node.post(body, { 'idempotency-key': key })).json())
    const deadLetters = (await node.app.inject('/v1/dead-letters')).json()
    const corrections = (await node.app.inject('/v1/corrections')).json()
    return { windows, repeated, deadLetters, corrections, replays: await replay(node, true) }
  } finally {
    await node.stop()
  }
}

describe('a data folder with one thing wrong in it', () => {
  let sound: string
  let files: string[]
  let expected: Shown
  const counts = new Map<Outcome, number>()

  beforeAll(async () => {
    sound = await made()
    const found = await readdir(sound, { recursive: true, withFileTypes: true })
    const paths = found.filter((each) => each.isFile()).map((each) => relative(sound, join(each.parentPath, each.name)))
    files = paths
    expected = await shownBy(await damaged(async () => {}))
  }, 30_000)

  async function damaged(change: (folder: string) => Promise<void>): Promise<string> {
    const folder = await newFolder()
    await cp(sound, folder, { recursive: true })
    await change(folder)
    return folder
  }

  async function outcomeOf(change: (folder: string) => Promise<void>): Promise<Outcome> {
    const folder = await damaged(change)
    const shown = await shownBy(folder).catch((error) => error)
    await rm(folder, { recursive: true, force: true })
    const outcome = judged(shown)
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    return outcome
  }

  /** Fails when the outcome is none that may be. */
  function judged(shown: Shown | Error): Outcome {
    if (shown instanceof CannotRecover) return 'refused'
    if (shown instanceof Error) throw shown
    const isNamed = ({ error }: Window) => error?.code === 'result_damaged'
    const windows = shown.windows.map((window, index) =>
      isNamed(window) ? { ...window, rows: expected.windows[index]?.rows, error: undefined } : window,
    )
    expect(windows).toEqual(expected.windows)
    const { windows: _shown, ...rest } = shown
    const { windows: _expected, ...expectedRest } = expected
    expect(rest).toEqual(expectedRest)
    return shown.windows.some(isNamed) ? 'named' : 'identical'
  }

  test('a flipped bit: it is refused by name, or nothing shows, or the window is named; never anything else', async () => {
    for (const path of files) {
      const { length } = await readFile(join(sound, path))
      const step = Math.max(1, Math.ceil(length / FLIPS_PER_FILE))
      for (let at = 0; at < length; at += step) {
        await outcomeOf(async (folder) => {
          const bytes = await readFile(join(folder, path))
          bytes[at] = bytes[at]! ^ (1 << (at % 8))
          await writeFile(join(folder, path), bytes)
        })
      }
    }
    process.stdout.write(`flipped bits: ${JSON.stringify(Object.fromEntries(counts))}\n`)
    expect(counts.get('refused')).toBeGreaterThan(0)
  }, 600_000)

  test('a file that is absent, empty, cut in half or another one: the same', async () => {
    counts.clear()
    const changes: Record<string, (path: string) => Promise<void>> = {
      absent: (path) => rm(path),
      empty: (path) => writeFile(path, ''),
      half: async (path) => {
        const bytes = await readFile(path)
        await writeFile(path, bytes.subarray(0, bytes.length / 2))
      },
      other: async (path) => writeFile(path, await readFile(join(sound, files.find((each) => !path.endsWith(each))!))),
    }
    for (const path of files) {
      for (const change of Object.values(changes)) await outcomeOf((folder) => change(join(folder, path)))
    }
    process.stdout.write(`with files: ${JSON.stringify(Object.fromEntries(counts))}\n`)
  }, 120_000)
})
