import { readdir, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { LineFolder } from '../../../edge-node/disk/line-folder'
import { temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()
const DAY_S = 86_400
const EVERYTHING = Number.POSITIVE_INFINITY

const namesIn = async (folder: string) => (await readdir(folder)).filter((name) => name.endsWith('.ndjson'))

/** Four files of one letter each, at offsets 0 to 3; written 1, 2, 3 and 4 days after the start of time. */
async function fourFiles() {
  const folder = await newFolder()
  const files = await LineFolder.open(folder, 1)
  for (const offset of [0, 1, 2, 3]) await files.append([`letter ${offset}`], offset)
  for (const [index, name] of (await namesIn(folder)).sort().entries())
    await utimes(join(folder, name), DAY_S, (index + 1) * DAY_S)
  return { folder, files }
}

async function left(files: LineFolder): Promise<string[]> {
  const lines: string[] = []
  for await (const { line } of files.from(null)) lines.push(line!)
  return lines.map((line) => line.at(-1)!)
}

const atDay = (day: number) => day * DAY_S * 1_000

test('files that were last written before a time go, oldest first', async () => {
  const { folder, files } = await fourFiles()
  await files.deleteBefore(atDay(2.5), EVERYTHING, EVERYTHING)
  expect([await left(files), (await namesIn(folder)).length]).toEqual([['2', '3'], 2])
  await files.close()
})

test('the oldest go while there are too many bytes, and the newest stays', async () => {
  const { files } = await fourFiles()
  await files.deleteBefore(0, 38, EVERYTHING) // two lines of eight characters with their checksums
  expect(await left(files)).toEqual(['2', '3'])
  await files.deleteBefore(atDay(9), 0, EVERYTHING)
  expect(await left(files)).toEqual(['3'])
  await files.append(['letter 4'], 4)
  expect(await left(files)).toEqual(['3', '4'])
  await files.close()
})

test('a file that is gone while its mark is there is refused: it may be lost, and nobody would see that', async () => {
  const { folder, files } = await fourFiles()
  await files.close()
  const [oldest] = (await namesIn(folder)).sort()
  await rm(join(folder, oldest!))
  await expect(LineFolder.open(folder, 1)).rejects.toThrow(/\.mark has no file beside it any more/)
  await rm(join(folder, `${oldest}.mark`))
  const moved = await LineFolder.open(folder, 1)
  expect(await left(moved)).toEqual(['1', '2', '3'])
  await moved.close()
})

test('letters of events that may be folded again stay, however old', async () => {
  const { files } = await fourFiles()
  await files.deleteBefore(atDay(9), 0, 1)
  expect(await left(files)).toEqual(['1', '2', '3'])
  await files.close()
})
