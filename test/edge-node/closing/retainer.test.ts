import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { Retainer } from '../../../edge-node/closing/retainer'
import { openResults } from '../../../edge-node/log/open-results'
import { FinalFiles } from '../../../edge-node/results/final-files'
import { WindowGone } from '../../../edge-node/results/results'
import { finalOf } from '../../support/envelopes'
import { temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()
const FINALS = 12
const everything = { fromMs: -Infinity, toMs: Infinity, key: null, limit: 10_000, cursor: null }
const nothingNeeded = { endMs: Number.POSITIVE_INFINITY, offset: Number.POSITIVE_INFINITY }

/** Results with finals of ten seconds each, all of them in the files, and a retainer at a time. */
async function scene({
  nowMs,
  ageMs = 1e9,
  bytes = 1e9,
  needed = nothingNeeded,
  appended = FINALS,
}: {
  nowMs: number
  ageMs?: number
  bytes?: number
  needed?: typeof nothingNeeded
  appended?: number
}) {
  const folder = await newFolder()
  const { results, finals } = await openResults(folder, null, [])
  for (let number = 0; number < FINALS; number++) {
    const window = finalOf(number)
    const stored = await results.store(window.startMs, window.endMs, [{ key: `k${number}` }])
    results.publish({ ...window, ...stored })
  }
  await finals.append(results.since(0).slice(0, appended))
  const clock = { epochMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => {}, soon: setImmediate }
  const deadLetters = { deleteBefore: async () => {} }
  const deps = {
    results,
    finals,
    deadLetters,
    replays: deadLetters,
    needed: () => needed,
    logger: pino({ level: 'silent' }),
  }
  return { folder, results, finals, retainer: new Retainer(deps, { ageMs, bytes }, clock) }
}

const files = async (folder: string) => (await readdir(join(folder, 'results'))).length

describe('retention', () => {
  test('takes away what is too old, in memory and on disk, and a restart does not bring it back', async () => {
    const { folder, results, retainer } = await scene({ nowMs: finalOf(5).atMs, ageMs: 5_000 })
    await retainer.look()
    expect([results.first, results.count, await files(folder)]).toEqual([5, FINALS, 7])
    const again = await openResults(folder, { finals: FINALS }, [])
    expect([again.results.first, again.results.count, again.results.takenBeforeMs]).toEqual([5, FINALS, 50_000])
    expect((await again.results.page(everything)).windows.map(({ start }) => start / 10_000)).toEqual([
      5, 6, 7, 8, 9, 10, 11,
    ])
  })

  test('takes away the oldest while there are too many bytes', async () => {
    const { results, retainer } = await scene({ nowMs: 0, bytes: 200 })
    await retainer.look()
    expect(results.kept.bytes).toBeLessThanOrEqual(200)
    expect(results.first).toBeGreaterThan(0)
  })

  test('takes nothing of which the record is in the log alone, and nothing after a window that is not final', async () => {
    const young = await scene({ nowMs: 1e9, ageMs: 1, appended: 3 })
    await young.retainer.look()
    expect(young.results.first).toBe(3)
    const stuck = await scene({ nowMs: 1e9, ageMs: 1, needed: { endMs: finalOf(4).endMs, offset: 0 } })
    await stuck.retainer.look()
    expect(stuck.results.first).toBe(4)
  })

  test('a disk that refuses keeps everything, and the next look goes on', async () => {
    const { results, finals, retainer } = await scene({ nowMs: 1e9, ageMs: 1 })
    const take = finals.take.bind(finals)
    finals.take = () => Promise.reject(new Error('ENOSPC'))
    await retainer.look()
    expect([results.first, retainer.failed]).toEqual([0, 1])
    finals.take = take
    await retainer.look()
    expect(results.first).toBe(FINALS - 1)
  })

  test('a crash between the note and the files: the next start removes them', async () => {
    const { folder, finals } = await scene({ nowMs: 0 })
    await finals.take({ before: 4, toMs: 40_000 })
    const again = await openResults(folder, { finals: FINALS }, [])
    expect([again.results.first, await files(folder)]).toEqual([4, FINALS - 4])
  })
})

describe('a reader', () => {
  const taken = async () => {
    const made = await scene({ nowMs: finalOf(5).atMs, ageMs: 5_000 })
    const { next } = await made.results.page({ ...everything, limit: 2 })
    await made.retainer.look()
    return { ...made, cursor: next }
  }

  test('who asks for a range of which nothing is left hears that it is gone', async () => {
    const { results } = await taken()
    await expect(results.page({ ...everything, fromMs: 0, toMs: 10_000 })).rejects.toBeInstanceOf(WindowGone)
    await expect(results.page({ ...everything, toMs: 50_000 })).rejects.toThrow('end at or before 50000')
    expect((await results.page({ ...everything, toMs: 60_000 })).windows.length).toBe(1)
  })

  test('whose cursor is in what was taken away hears that it is gone', async () => {
    const { results, cursor } = await taken()
    await expect(results.page({ ...everything, cursor })).rejects.toBeInstanceOf(WindowGone)
  })

  test('of everything gets what is left, and is told from when on it is whole', async () => {
    const { results } = await taken()
    const { windows, takenBefore } = await results.page(everything)
    expect([windows.length, takenBefore]).toEqual([7, 50_000])
  })

  test('who asks whether a window is final hears yes, also when it was taken away', async () => {
    const { results } = await taken()
    expect([results.isFinal(0, 10_000), results.isFinal(60_000, 70_000), results.isFinal(120_000, 130_000)]).toEqual([
      true,
      true,
      false,
    ])
  })
})

test('finals inside a checkpoint of an older version move to the files', async () => {
  const folder = await newFolder()
  const inside = [finalOf(0), finalOf(1)]
  const { results, finals } = await openResults(folder, { finals: 2, finalsInside: inside }, [finalOf(2)])
  expect([results.count, finals.count]).toEqual([3, 2])
  const read: number[] = []
  await FinalFiles.open(join(folder, 'finals'), { begin: () => {}, final: ({ number }) => void read.push(number) })
  expect(read).toEqual([0, 1])
})
