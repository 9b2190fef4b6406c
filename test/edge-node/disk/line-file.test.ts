import { readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CannotRecover } from '../../../edge-node/disk/disk'
import { LineFile, readLines } from '../../../edge-node/disk/line-file'
import { LineFolder } from '../../../edge-node/disk/line-folder'
import { temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()
const FIRST = '{"n":1}'
const SECOND = '{"n":2}'
const LINE_BYTES = FIRST.length + 10 // a tab, eight digits and the line feed

/** A file of appends that were on disk each, closed again. */
async function fileOf(...appends: string[][]): Promise<string> {
  const path = join(await newFolder(), 'lines.ndjson')
  const file = await LineFile.open(path)
  for (const lines of appends) await file.append(lines)
  await file.close()
  return path
}

/** What the file gives when it is opened again, and how much of it was cut off. */
async function reopened(path: string) {
  const file = await LineFile.open(path)
  const lines: (string | null)[] = []
  for await (const { line } of readLines(path, 0, file.soundBytes)) lines.push(line)
  await file.close()
  return { lines, tornBytes: file.tornBytes }
}

async function overwrite(path: string, at: number, text: string): Promise<void> {
  const bytes = await readFile(path)
  bytes.write(text, at)
  await writeFile(path, bytes)
}

const unmark = (path: string) => rm(`${path}.mark`)

describe('a file of lines', () => {
  test('gives them again without their checksums, whatever they say', async () => {
    const words = fc.array(fc.array(fc.json(), { minLength: 1, maxLength: 3 }), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(words, async (appends) => {
        expect(await reopened(await fileOf(...appends))).toEqual({ lines: appends.flat(), tornBytes: 0 })
      }),
      { numRuns: 30 },
    )
  })

  test('reads lines of version 0.1.0, which have no checksums, and goes on behind them', async () => {
    const path = join(await newFolder(), 'lines.ndjson')
    await writeFile(path, `${FIRST}\n`)
    const file = await LineFile.open(path)
    await file.append([SECOND])
    await file.close()
    expect((await reopened(path)).lines).toEqual([FIRST, SECOND])
  })

  test('any flipped bit of what was on disk is refused with file and byte', async () => {
    const path = await fileOf([FIRST], [SECOND])
    const bytes = await readFile(path)
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes)
      flipped[at] = flipped[at]! ^ (1 << (at % 8))
      await writeFile(path, flipped)
      const line = at < LINE_BYTES ? 0 : LINE_BYTES
      await expect(LineFile.open(path)).rejects.toThrow(`${path} cannot be read: the line at byte ${line} is damaged`)
    }
  })

  test('is refused when the end of what was on disk is missing, also between two lines', async () => {
    const path = await fileOf([FIRST], [SECOND])
    await truncate(path, LINE_BYTES)
    await expect(LineFile.open(path)).rejects.toThrow(CannotRecover)
    await truncate(path, LINE_BYTES + 3)
    await expect(LineFile.open(path)).rejects.toThrow(CannotRecover)
  })

  test('is refused when it is gone, unless it was moved away with its mark', async () => {
    const path = await fileOf([FIRST])
    await rm(path)
    await expect(LineFile.open(path)).rejects.toThrow('its end is missing')
    await rm(path)
    await unmark(path)
    expect(await reopened(path)).toEqual({ lines: [], tornBytes: 0 })
  })

  test('an append that was torn is cut off from its first unsound line on: its pages come in any order', async () => {
    const path = await fileOf([FIRST])
    const sound = await readFile(path)
    const more = await readFile(await fileOf([SECOND, FIRST]))
    await writeFile(path, Buffer.concat([sound, more]))
    await overwrite(path, LINE_BYTES + 2, '\0\0\0')
    expect(await reopened(path)).toEqual({ lines: [FIRST], tornBytes: more.length })
  })

  test('without a mark only an end with nothing sound behind it is taken for torn', async () => {
    const path = await fileOf([FIRST], [SECOND])
    await unmark(path)
    await overwrite(path, LINE_BYTES + 2, 'x')
    expect(await reopened(path)).toEqual({ lines: [FIRST], tornBytes: LINE_BYTES })
    const other = await fileOf([FIRST], [SECOND])
    await unmark(other)
    await overwrite(other, 2, 'x')
    await expect(LineFile.open(other)).rejects.toThrow('the line at byte 0 is damaged')
  })
})

describe('a folder of lines', () => {
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
})
