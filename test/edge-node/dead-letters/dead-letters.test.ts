import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { sliding } from '../../../core/pipeline/window'
import { DeadLetters, type ListedLetter } from '../../../edge-node/dead-letters/dead-letters'
import { InvalidCursor } from '../../../edge-node/results/results'
import { envelopeOf } from '../../support/envelopes'
import { event, T0, testPipeline } from '../../support/fixture'
import { fileHandles, temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()
afterEach(() => {
  jest.restoreAllMocks()
})

const FIRST = `${'0'.repeat(16)}.ndjson`
const lines = [event('a', 0), event('a', 1, 'two\u2028'), event('a', 2)]
const envelope = envelopeOf(7, lines, 100)
const letter = (offset: number, code: 'not_a_number' | 'map_timeout' = 'not_a_number') => ({
  offset,
  code,
  reason: 'v is no number',
})
/** An envelope of one event, at its number times ten. */
const single = (number: number) => envelopeOf(number, [event('a', 3)], number * 10)

interface OpenOptions {
  readonly folder?: string
  readonly neededOffset?: number
  readonly maxFileBytes?: number
  readonly finalEnds?: readonly number[]
  readonly pipeline?: ReturnType<typeof testPipeline>
}

async function opened(options: OpenOptions = {}) {
  const { folder = join(await newFolder(), 'dead-letters'), neededOffset = 0, finalEnds = [] } = options
  const results = { isFinal: (_: number, endMs: number) => finalEnds.includes(endMs) }
  const { pipeline = testPipeline(), maxFileBytes } = options
  const letters = await DeadLetters.open(folder, pipeline, results, neededOffset, maxFileBytes)
  return { folder, letters }
}

async function listed(letters: DeadLetters, limit = 1_000, code: string | null = null): Promise<ListedLetter[]> {
  const all: ListedLetter[] = []
  for (let cursor: string | null = null; ; ) {
    const { deadLetters, next } = await letters.page({ limit, cursor, code })
    all.push(...deadLetters)
    if (next === null) return all
    cursor = next
  }
}
const offsets = (letters: readonly ListedLetter[]) => letters.map(({ offset }) => offset)

describe('a letter', () => {
  test('has its envelope, offset, time, code, reason and the line as it came', async () => {
    const { letters } = await opened()
    letters.add(envelope, [letter(101)])
    const origin = { pipeline: 'test', version: 'v1', envelope: 7, digest: envelope.digest }
    const when = { timestampMs: T0 + 1_000, horizonMs: null, countedIn: [] }
    const id = expect.any(String)
    expect(await listed(letters)).toEqual([{ id, ...origin, ...when, ...letter(101), line: lines[1] }])
    await letters.close()
  })

  test('says what was closed when its event was accepted, and which windows have it from an earlier fold', async () => {
    const window = sliding('30s', '10s')
    const finalEnds = [T0 + 10_000, T0 + 20_000, T0 + 90_000]
    const { letters } = await opened({ pipeline: testPipeline({ window }), finalEnds })
    letters.add({ ...envelope, horizonMs: T0 + 10_000 }, [letter(101)])
    const [found] = await listed(letters)
    expect(found).toMatchObject({ horizonMs: T0 + 10_000, countedIn: [T0 + 20_000] })
    await letters.close()
  })

  test('is found by its id, and nothing is by another', async () => {
    const { letters } = await opened()
    letters.add(envelope, [letter(100), letter(101)])
    for (const { id, ...rest } of await listed(letters)) expect(await letters.find(id)).toEqual(rest)
    for (const id of ['0.1', '0.999999', '1.0', 'x', '']) expect(await letters.find(id)).toBeNull()
    await letters.close()
  })
})

describe('flushing', () => {
  test('waits for everything added before it, in order', async () => {
    const { folder, letters } = await opened()
    const flushes: Promise<void>[] = []
    for (const offset of [100, 101, 102]) {
      letters.add(envelope, [letter(offset)])
      flushes.push(letters.flush())
    }
    await flushes[2]
    const text = await readFile(join(folder, FIRST), 'utf8')
    expect(text.match(/"offset":\d+/g)).toEqual(['"offset":100', '"offset":101', '"offset":102'])
    await letters.close()
  })

  test('writes nothing without letters', async () => {
    const { folder, letters } = await opened()
    letters.add(envelope, [])
    await letters.close()
    expect(await readFile(join(folder, FIRST), 'utf8')).toBe('')
  })

  test('on a full disk rejects, and the next one writes everything once', async () => {
    const { letters } = await opened()
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
    expect(offsets(await listed(letters))).toEqual([100, 101, 102])
    await letters.close()
  })

  test('that fails leaves what is on disk readable, and shows nothing else', async () => {
    const { letters } = await opened()
    letters.add(envelope, [letter(100)])
    await letters.flush()
    letters.add(envelope, [letter(101)])
    jest.spyOn(await fileHandles(), 'datasync').mockRejectedValueOnce(new Error('EIO: i/o error, fdatasync'))
    expect(offsets(await listed(letters))).toEqual([100])
    expect(offsets(await listed(letters))).toEqual([100, 101])
    await letters.close()
  })
})

describe('an event stands there once', () => {
  test('when its envelope is folded again', async () => {
    const { letters } = await opened()
    letters.add(envelope, [letter(101)])
    letters.add(envelope, [letter(101), letter(102)])
    expect(offsets(await listed(letters))).toEqual([101, 102])
    await letters.close()
  })

  test('when that happens after a restart: it stays dead, with its code', async () => {
    const { folder, letters } = await opened()
    letters.add(envelope, [letter(101, 'map_timeout')])
    await letters.close()
    const again = await opened({ folder, neededOffset: 100 })
    expect(again.letters.of(envelope)).toEqual(new Map([[101, 'map_timeout']]))
    again.letters.add(envelope, [letter(100), letter(101)])
    expect(offsets(await listed(again.letters))).toEqual([101, 100])
    await again.letters.close()
  })

  test('and an envelope of other content under the same number has nothing to do with it', async () => {
    const { letters } = await opened()
    letters.add(envelope, [letter(101)])
    const other = envelopeOf(7, [...lines].reverse(), 100)
    expect(letters.of(other)).toBeUndefined()
    letters.add(other, [letter(101)])
    expect(offsets(await listed(letters))).toEqual([101, 101])
    await letters.close()
  })

  test('what cannot be folded again is forgotten, and not read at a start', async () => {
    const { folder, letters } = await opened()
    for (const number of [1, 2, 3]) letters.add(single(number), [letter(number * 10)])
    letters.forgetBefore(20)
    expect([1, 2, 3].map((number) => letters.of(single(number)) !== undefined)).toEqual([false, true, true])
    await letters.close()
    const again = await opened({ folder, neededOffset: 30 })
    expect([1, 2, 3].map((number) => again.letters.of(single(number)) !== undefined)).toEqual([false, false, true])
    await again.letters.close()
  })
})

describe('files', () => {
  /** Letters of envelopes in this order, each in a file of its own. */
  async function files(...numbers: number[]) {
    const { folder, letters } = await opened({ maxFileBytes: 1 })
    for (const number of numbers) {
      letters.add(single(number), [letter(number * 10)])
      await letters.flush()
    }
    await letters.close()
    return folder
  }
  const namesIn = async (folder: string) => (await readdir(folder)).filter((name) => name.endsWith('.ndjson')).sort()
  const numbersIn = async (folder: string) => (await namesIn(folder)).map((name) => Number.parseInt(name, 10))

  test('are begun when one is full; a number is above all offsets in the files before it', async () => {
    const folder = await files(5, 2, 3, 9)
    expect(await numbersIn(folder)).toEqual([0, 51, 52, 91])
    const { letters } = await opened({ folder, maxFileBytes: 1 })
    letters.add(single(1), [letter(10)])
    expect(offsets(await listed(letters))).toEqual([50, 20, 30, 90, 10])
    expect(await numbersIn(folder)).toEqual([0, 51, 52, 91, 92])
    await letters.close()
  })

  test('are read back as far as their numbers say that a needed letter can be there', async () => {
    const folder = await files(5, 2, 3, 9)
    const knownFrom = async (neededOffset: number) => {
      const { letters } = await opened({ folder, neededOffset, maxFileBytes: 1 })
      const known = [5, 2, 3, 9].filter((number) => letters.of(single(number)) !== undefined)
      await letters.close()
      return known
    }
    expect(await knownFrom(0)).toEqual([5, 2, 3, 9])
    expect(await knownFrom(50)).toEqual([5, 9])
    expect(await knownFrom(51)).toEqual([9])
    expect(await knownFrom(Number.POSITIVE_INFINITY)).toEqual([])
  })

  test('may be moved away', async () => {
    const folder = await files(1, 2, 3)
    const { letters } = await opened({ folder, maxFileBytes: 1 })
    const [, second] = await listed(letters)
    await rm(join(folder, (await namesIn(folder))[1]!))
    expect(offsets(await listed(letters))).toEqual([10, 30])
    expect(await letters.find(second!.id)).toBeNull()
    await letters.close()
  })
})

describe('pages', () => {
  test('of any size, joined, are the whole, over all files', async () => {
    const { letters } = await opened({ maxFileBytes: 600 })
    for (let number = 1; number <= 12; number++) {
      letters.add(single(number), [letter(number * 10, number % 3 === 0 ? 'map_timeout' : 'not_a_number')])
      if (number % 2 === 0) await letters.flush()
    }
    const whole = await listed(letters)
    expect(offsets(whole)).toEqual(Array.from({ length: 12 }, (_, n) => (n + 1) * 10))
    for (const limit of [1, 2, 5, 12]) expect(await listed(letters, limit)).toEqual(whole)
    for (const limit of [1, 3, 100])
      expect(offsets(await listed(letters, limit, 'map_timeout'))).toEqual([30, 60, 90, 120])
    expect(await listed(letters, 10, 'no_such_code')).toEqual([])
    await letters.close()
  })

  test('end after some bytes, however few letters they have', async () => {
    const { letters } = await opened()
    const long = [event('x'.repeat(100_000), 1)]
    for (let number = 0; number < 60; number++) letters.add(envelopeOf(number, long, number), [letter(number)])
    const { deadLetters, next } = await letters.page({ limit: 1_000, cursor: null, code: null })
    expect(deadLetters.length).toBeLessThan(50)
    expect(next).not.toBeNull()
    expect((await letters.page({ limit: 1_000, cursor: null, code: 'none' })).next).toBe(next)
    expect(await listed(letters)).toHaveLength(60)
    await letters.close()
  })

  test.each(['x', '1', '1.', '-1.0', '1.0.0'])('the cursor %p is refused', async (cursor) => {
    const { letters } = await opened()
    await expect(letters.page({ limit: 1, cursor, code: null })).rejects.toThrow(InvalidCursor)
    await letters.close()
  })
})

describe('a crash', () => {
  const whole = (offset: number) => {
    const { digest } = envelope
    const [origin, when] = [
      { pipeline: 'test', version: 'v1', envelope: 7, digest },
      { timestampMs: 0, horizonMs: null },
    ]
    return `${JSON.stringify({ ...origin, ...when, countedIn: [], ...letter(offset), line: '{}' })}\n`
  }
  test.each([
    ['after others', `${whole(100)}{"off`, [100]],
    ['alone', '{"off', []],
    ['and long', `${whole(100)}${'x'.repeat(200_000)}`, [100]],
    ['not at all', whole(100), [100]],
  ])('that tore a line %s costs no other letter', async (_, found, kept) => {
    const folder = await newFolder()
    await writeFile(join(folder, FIRST), found)
    const { letters } = await opened({ folder })
    letters.add(envelope, [letter(102)])
    expect(offsets(await listed(letters))).toEqual([...kept, 102])
    await letters.close()
  })
})
