import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { FinalRecord } from '../../../core/protocol/log-record'
import { FinalColumns } from '../../../edge-node/results/final-columns'
import { FinalFiles } from '../../../edge-node/results/final-files'
import { finalsToAdd } from '../../../edge-node/results/final-lines'
import { finalOf, finalsOf } from '../../support/envelopes'
import { temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()
const FILE_BYTES = 1_000 // two or three finals

async function read(folder: string) {
  const finals: FinalRecord[] = []
  const begun: number[] = []
  const reader = {
    begin: (number: number) => void begun.push(number),
    final: (final: FinalRecord) => void finals.push(final),
  }
  const files = await FinalFiles.open(folder, reader, FILE_BYTES)
  return { files, finals, begun }
}

/** A folder with finals in several files. */
async function filled(count = 10): Promise<string> {
  const folder = await newFolder()
  const { files } = await read(folder)
  for (const final of finalsOf(0, count)) await files.append([final])
  return folder
}

const namesIn = async (folder: string) => (await readdir(folder)).sort()

describe('the files of finals', () => {
  test('give back what was appended, over several files', async () => {
    const folder = await filled()
    expect((await namesIn(folder)).length).toBeGreaterThan(2)
    const { files, finals, begun } = await read(folder)
    expect(finals).toEqual(finalsOf(0, 10))
    expect([files.count, begun]).toEqual([10, [0]])
  })

  test('take each final once, and none out of turn', async () => {
    const folder = await filled(3)
    const { files } = await read(folder)
    await files.append(finalsOf(1, 5))
    await expect(files.append([finalOf(6)])).rejects.toThrow('final 6 follows 4')
    expect((await read(folder)).finals).toEqual(finalsOf(0, 5))
  })

  test('go on after a write that a crash cut short, wherever that was', async () => {
    const folder = await filled(2)
    const path = join(folder, (await namesIn(folder))[0]!)
    const whole = await readFile(path)
    const firstEnd = whole.lastIndexOf('\n', whole.length - 2) + 1
    for (const end of [firstEnd + 1, firstEnd + 20, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, end))
      const { files, finals } = await read(folder)
      expect(finals).toEqual(finalsOf(0, 1))
      await files.append(finalsOf(1, 2))
      expect((await read(folder)).finals).toEqual(finalsOf(0, 2))
    }
  })

  test('a file that a crash left empty is made again', async () => {
    const folder = await filled(3)
    await writeFile(join(folder, '0000000000000003.ndjson'), '')
    const { files } = await read(folder)
    await files.append(finalsOf(3, 9))
    expect((await read(folder)).finals).toEqual(finalsOf(0, 9))
  })
})

describe('retention', () => {
  test('deletes the files of which everything was taken away, and the next start begins after them', async () => {
    const folder = await filled()
    const { files } = await read(folder)
    const before = await namesIn(folder)
    await files.take({ before: 7, toMs: 70_000 })
    await files.deleteTaken()
    const after = await read(folder)
    expect((await namesIn(folder)).length).toBeLessThan(before.length)
    expect(after.files.taken).toEqual({ before: 7, toMs: 70_000 })
    expect(after.begun[0]).toBeLessThanOrEqual(7)
    expect(after.finals).toEqual(finalsOf(after.begun[0]!, 10))
  })

  test('what was taken away is known when the file with the note is gone, too', async () => {
    const folder = await filled()
    const { files } = await read(folder)
    await files.take({ before: 10, toMs: 100_000 })
    for (const final of finalsOf(10, 20)) await files.append([final])
    await files.take({ before: 15, toMs: 150_000 })
    await files.deleteTaken()
    expect((await read(folder)).files.taken).toEqual({ before: 15, toMs: 150_000 })
  })
})

describe('damage', () => {
  test('of any byte is refused with the file, or is noticed by the checkpoint that counts more; the records are never others', async () => {
    const folder = await filled(6)
    const outcomes = { refused: 0, 'cut off': 0 }
    for (const name of await namesIn(folder)) {
      const path = join(folder, name)
      const sound = await readFile(path)
      for (let at = 0; at < sound.length; at++) {
        const bad = Buffer.from(sound)
        bad[at]! ^= 1
        await writeFile(path, bad)
        try {
          const { files, finals } = await read(folder)
          expect(finals).toEqual(finalsOf(0, finals.length))
          expect(() => finalsToAdd(files, 6, [])).toThrow('records are lost')
          outcomes['cut off'] += 1
        } catch (error) {
          expect(error).toMatchObject({ code: 'cannot_recover', message: expect.stringContaining(folder) })
          outcomes.refused += 1
        }
      }
      await writeFile(path, sound)
    }
    expect(outcomes.refused).toBeGreaterThan(0)
    expect(outcomes['cut off']).toBeGreaterThan(0)
    expect((await read(folder)).finals).toEqual(finalsOf(0, 6))
  }, 60_000)

  test('a file that is absent, empty, or cut in half is refused, the first as well as those between', async () => {
    for (const harm of [
      (path: string) => rm(path),
      (path: string) => truncate(path, 0),
      (path: string) => truncate(path, 300),
    ]) {
      for (const place of [0, 1]) {
        const folder = await filled()
        await harm(join(folder, (await namesIn(folder))[place]!))
        await expect(read(folder)).rejects.toMatchObject({ code: 'cannot_recover' })
      }
    }
  })

  test('without its newest file the folder has fewer finals than the checkpoint counts', async () => {
    const folder = await filled()
    await rm(join(folder, (await namesIn(folder)).at(-1)!))
    const { files } = await read(folder)
    expect(() => finalsToAdd(files, 10, [])).toThrow('the checkpoint counts 10 final windows')
  })
})

describe('files, checkpoint and log', () => {
  const files = (count: number) => ({ count, end: 'the end' })

  test('fit: what the log has and the files have not is added', () => {
    expect(finalsToAdd(files(5), 3, finalsOf(3, 8))).toEqual(finalsOf(5, 8))
    expect(finalsToAdd(files(0), 0, [])).toEqual([])
  })

  test.each([
    ['a gap', finalsOf(4, 6)],
    ['finals that the checkpoint has', finalsOf(2, 6)],
    ['one twice', [...finalsOf(3, 5), finalOf(4)]],
  ])('do not fit when the log has %s', (_, replayed) => {
    expect(() => finalsToAdd(files(3), 3, replayed)).toThrow('do not fit together')
  })
})

describe('finals in memory', () => {
  describe('the columns of finals', () => {
    test('give each record back as it was', () => {
      const hex = (length: number) =>
        fc
          .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
          .map((digits) => digits.join(''))
      const count = fc.integer({ min: 0, max: 2 ** 40 })
      const record = fc.record({
        startMs: fc.integer({ min: -1e15, max: 1e15 }),
        version: fc.constantFrom('a', 'b', 'c'),
        accepted: fc.tuple(count, hex(16)),
        edge: count,
        burst: count,
        deadLettered: count,
        rows: count,
        digest: hex(64),
        atMs: fc.integer({ min: 0, max: 1e15 }),
        bytes: count,
      })
      fc.assert(
        fc.property(fc.nat(10_000), fc.array(record, { maxLength: 20 }), (first, records) => {
          const columns = new FinalColumns()
          columns.begin(first)
          const finals = records.map((each, index) => finalOf(first + index, { ...each, endMs: each.startMs + 10 }))
          for (const final of finals) columns.push(final)
          expect(finals.map(({ number }) => columns.at(number))).toEqual(finals)
          expect(columns.bytes).toBe(finals.reduce((sum, { bytes }) => sum + bytes!, 0))
        }),
      )
    })

    test('let go of the oldest, whose numbers are not given to others', () => {
      const columns = new FinalColumns()
      for (const final of finalsOf(0, 10_000)) columns.push(final)
      columns.dropBefore(9_000)
      expect([columns.first, columns.next, columns.bytes]).toEqual([9_000, 10_000, 100_000])
      expect(columns.at(9_000)).toEqual(finalOf(9_000))
      expect(() => columns.at(8_999)).toThrow('final 8999 is not kept')
      columns.push(finalOf(10_000))
      expect(columns.at(10_000)).toEqual(finalOf(10_000))
    })

    test('a record of an older version does not say how large its file is: its rows tell about', () => {
      const { bytes: _, ...old } = finalOf(0, { rows: 10 })
      const columns = new FinalColumns()
      columns.push(old)
      expect(columns.fileBytes(0)).toBe(640)
    })
  })
})
