import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { DeadLetters } from '../../edge-node/dead-letters'
import { fileHandles } from './disk'
import { envelopeOf } from './envelopes'
import { temporaryFolders } from './temporary-folder'

const newFolder = temporaryFolders()
afterEach(() => {
  jest.restoreAllMocks()
})
const envelope = envelopeOf(7, ['{"v":0}', '{"v":"two\u2028"}', '{"v":2}'], 100)
const letter = (offset: number) => ({ offset, code: 'not_a_number' as const, reason: 'v is no number' })

async function linesOf(path: string): Promise<unknown[]> {
  const text = await readFile(path, 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

test('a letter has its envelope, offset, code, reason and the line as it came', async () => {
  const path = join(await newFolder(), 'deep', 'dead-letters.ndjson')
  const letters = await DeadLetters.open(path)
  letters.add(envelope, [letter(101)])
  await letters.flush()
  const common = { pipeline: 'test', version: 'v1', envelope: 7 }
  expect(await linesOf(path)).toEqual([{ ...common, ...letter(101), line: '{"v":"two\u2028"}' }])
  await letters.close()
})

test('a flush waits for everything added before it, in order', async () => {
  const path = join(await newFolder(), 'dead-letters.ndjson')
  const letters = await DeadLetters.open(path)
  const flushes: Promise<void>[] = []
  for (const offset of [100, 101, 102]) {
    letters.add(envelope, [letter(offset)])
    flushes.push(letters.flush())
  }
  await flushes[2]
  expect((await linesOf(path)).map((each) => (each as { offset: number }).offset)).toEqual([100, 101, 102])
  expect(letters.count).toBe(3)
  await letters.close()
})

test('closing writes what waits, and opening again goes on after it', async () => {
  const path = join(await newFolder(), 'dead-letters.ndjson')
  const first = await DeadLetters.open(path)
  first.add(envelope, [letter(100)])
  await first.close()
  const second = await DeadLetters.open(path)
  expect(second.count).toBe(0)
  second.add(envelope, [letter(101)])
  await second.close()
  expect((await linesOf(path)).length).toBe(2)
})

test('without letters nothing is written', async () => {
  const path = join(await newFolder(), 'dead-letters.ndjson')
  const letters = await DeadLetters.open(path)
  letters.add(envelope, [])
  await letters.close()
  expect(await readFile(path, 'utf8')).toBe('')
})

describe('a line that was torn', () => {
  test.each([
    ['after others', '{"offset":1}\n{"off', '{"offset":1}\n'],
    ['alone', '{"off', ''],
    ['and long', `{"offset":1}\n${'x'.repeat(200_000)}`, '{"offset":1}\n'],
    ['not at all', '{"offset":1}\n', '{"offset":1}\n'],
  ])('%s is cut off when the file is opened', async (_, found, kept) => {
    const path = join(await newFolder(), 'dead-letters.ndjson')
    await writeFile(path, found)
    const letters = await DeadLetters.open(path)
    expect(await readFile(path, 'utf8')).toBe(kept)
    letters.add(envelope, [letter(101)])
    await letters.close()
    expect((await linesOf(path)).at(-1)).toMatchObject({ offset: 101 })
  })
})

describe('a disk that is full', () => {
  test('rejects the flush, and the next one writes everything once', async () => {
    const path = join(await newFolder(), 'dead-letters.ndjson')
    const letters = await DeadLetters.open(path)
    letters.add(envelope, [letter(100)])
    const handles = await fileHandles()
    const append = handles.appendFile
    jest.spyOn(handles, 'appendFile').mockImplementationOnce(async function (this: typeof handles, data) {
      await append.call(this, (data as Buffer).subarray(0, 5))
      throw new Error('ENOSPC: no space left on device, write')
    })
    const failed = letters.flush()
    letters.add(envelope, [letter(101)])
    await expect(failed).rejects.toThrow('ENOSPC')
    await letters.flush()
    letters.add(envelope, [letter(102)])
    await letters.close()
    expect((await linesOf(path)).map((each) => (each as { offset: number }).offset)).toEqual([100, 101, 102])
  })
})
