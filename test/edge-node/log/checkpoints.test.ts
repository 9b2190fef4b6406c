import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { digestOf } from '../../../cloud/packing'
import { type CheckpointHead, Checkpoints, checkpointOf, piecesOf } from '../../../edge-node/log/checkpoints'
import { finalsOf } from '../../support/envelopes'
import { temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()

const intake = { offset: 9, keys: { first: 0, next: 0, nowMs: 0 } }
const ledger = { windows: [], entries: [] }
const head = { format: 3, pipeline: 'test', segment: 3, finals: 7, intake, ledger }
const piece = (pane: number) => ({ pane, firstEndMs: 10, folded: [1, '0'], dead: [0, '0'], groups: [['k', 1]] })

async function* linesOf(...contents: readonly unknown[]): AsyncGenerator<string> {
  for (const content of contents) yield JSON.stringify(content)
}

async function onlyFile(folder: string): Promise<string> {
  const names = await readdir(folder)
  expect(names.length).toBe(1)
  return join(folder, names[0]!)
}

describe('a checkpoint', () => {
  test('is read as it was written, piece by piece', async () => {
    const folder = await newFolder()
    const checkpoints = await Checkpoints.open(folder)
    const { oldestSegment, bytes } = await checkpoints.write(3, linesOf(head, piece(0), piece(10)))
    expect(await checkpoints.newest()).toEqual({ ...head, state: [piece(0), piece(10)] })
    expect([oldestSegment, bytes]).toEqual([3, (await readFile(await onlyFile(folder))).length])
  })

  test('of no state has its head alone', async () => {
    const checkpoints = await Checkpoints.open(await newFolder())
    await checkpoints.write(3, linesOf(head))
    expect(await checkpoints.newest()).toEqual({ ...head, state: [] })
  })

  test('with any byte of it flipped is none, or the same', async () => {
    const folder = await newFolder()
    const checkpoints = await Checkpoints.open(folder)
    await checkpoints.write(3, linesOf(head, piece(0), piece(10)))
    const path = await onlyFile(folder)
    const sound = await readFile(path)
    let none = 0
    for (let at = 0; at < sound.length; at++) {
      const bad = Buffer.from(sound)
      bad[at]! ^= 8
      await writeFile(path, bad)
      const read = await checkpoints.newest()
      if (read === null) none += 1
      else expect(read).toEqual({ ...head, state: [piece(0), piece(10)] }) // a byte that gzip does not look at
    }
    expect(none).toBeGreaterThan(sound.length / 2)
  })

  test('of an older version, with its finals inside, is read as one that counts them', async () => {
    const folder = await newFolder()
    const text = JSON.stringify({ ...head, format: 1, state: [piece(0)], finals: finalsOf(0, 2) })
    await writeFile(join(folder, '000000000003.checkpoint'), gzipSync(`${digestOf([text])}\n${text}`))
    const checkpoint = await (await Checkpoints.open(folder)).newest()
    expect(checkpoint).toEqual({ ...head, state: [piece(0)], finals: 2, finalsInside: finalsOf(0, 2) })
  })

  test('of a version that kept the remembered answers inside, a thousand a line, has them still', () => {
    const answers = Array.from({ length: 3 }, (_, number) => [`key ${number}`, { accepted: number }])
    const first = { ...head, format: 2, intake: { offset: 9, answers: [] } }
    const lines = [first, { answers: answers.slice(0, 2) }, { answers: answers.slice(2) }, piece(0)]
    expect(checkpointOf(lines.map((line) => JSON.stringify(line)))).toEqual({
      ...{ ...head, intake: { offset: 9, answers } },
      state: [piece(0)],
    })
  })
})

test('a damaged one is named, and makes way for the next instead of a sound one', async () => {
  const folder = await newFolder()
  const checkpoints = await Checkpoints.open(folder)
  for (const segment of [1, 2]) await checkpoints.write(segment, linesOf({ ...head, segment }))
  const newest = join(folder, '000000000002.checkpoint')
  await writeFile(newest, 'rotten')
  const again = await Checkpoints.open(folder)
  expect(await again.newest()).toMatchObject({ segment: 1 })
  expect(again.damaged).toEqual([newest])
  expect(await again.write(3, linesOf({ ...head, segment: 3 }))).toMatchObject({ oldestSegment: 1 })
  expect((await readdir(folder)).sort()).toEqual(['000000000001.checkpoint', '000000000003.checkpoint'])
})

test('the lists in its head are as long as they are: they are written some entries at a time, and come back whole', () => {
  const entries = Array.from({ length: 2_500 }, (_, number) => ({ header: { number } }))
  const long = { ...head, ledger: { ...ledger, entries } } as unknown as CheckpointHead
  const lines = [...piecesOf(long)].map((piece) => JSON.stringify(piece))
  expect(lines).toHaveLength(1 + 3)
  expect(checkpointOf(lines)).toEqual({ ...long, state: [] })
  expect(checkpointOf([JSON.stringify(long)])).toEqual({ ...long, state: [] })
})
