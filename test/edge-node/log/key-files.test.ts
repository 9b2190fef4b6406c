import { appendFile, cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import type { AnswerPage } from '../../../core/protocol/answer-block'
import { RememberedAnswers } from '../../../core/protocol/remembered-answers'
import { CannotRecover } from '../../../edge-node/disk/disk'
import { type CheckpointContent, Checkpointer } from '../../../edge-node/log/checkpointer'
import { KeyFiles } from '../../../edge-node/log/key-files'
import { systemClock } from '../../../edge-node/observe/clock'
import { event, testNodes } from '../../support/fixture'
import { KEY_RULES } from '../../support/history'
import { temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()
const SMALL_FILE_BYTES = 60_000 // one page of a thousand keys

function remembering(keys: number): RememberedAnswers {
  const answers = new RememberedAnswers({ rememberMs: 60_000, bytes: 10_000_000, ...KEY_RULES })
  for (let n = 0; n < keys; n++) {
    const rejected = n % 10 === 0 ? [{ line: 1, code: 'schema' as const, reason: `no ${n}` }] : []
    answers.add(`key ${n}`, { accepted: n, late: 1, partlyLate: 2, horizon: n % 2 === 0 ? null : -n, rejected })
  }
  return answers
}

async function* these<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items
}

async function opened(folder: string, maxFileBytes = SMALL_FILE_BYTES) {
  const pages: AnswerPage[] = []
  const files = await KeyFiles.open(folder, (page) => void pages.push(page), maxFileBytes)
  return { files, pages }
}

describe('the files of keys', () => {
  test('give back what was written, over several files and starts, and know the number of the next key', async () => {
    const folder = await newFolder()
    const answers = remembering(4_500)
    for (const [from, until] of [
      [0, 10],
      [10, 2_500],
      [2_500, 4_500],
    ] as const) {
      const { files } = await opened(folder)
      expect(files.count).toBe(from)
      await files.append(these(answers.pages(from, until)))
      await files.close()
    }
    const { files, pages } = await opened(folder)
    expect(files.count).toBe(4_500)
    expect((await readdir(folder)).filter((name) => name.endsWith('.ndjson')).length).toBeGreaterThanOrEqual(2)
    const again = remembering(0)
    for (const page of pages) again.takeUp(page, answers.span)
    for (const n of [0, 9, 10, 2_499, 2_500, 4_499])
      expect(again.get(`key ${n}`)?.answer).toEqual(answers.get(`key ${n}`)?.answer)
    await files.close()
  })

  test('are deleted, but none with a key that a checkpoint needs, and never the newest', async () => {
    const folder = await newFolder()
    const { files } = await opened(folder)
    for (let from = 0; from < 5_000; from += 1_000)
      await files.append(these(remembering(5_000).pages(from, from + 1_000)))
    const first = async () =>
      (await opened(folder).then(({ pages, files: each }) => each.close().then(() => pages)))[0]!.first
    await files.deleteBefore(999)
    expect(await first()).toBe(0)
    await files.deleteBefore(2_500)
    expect(await first()).toBe(2_000)
    await files.deleteBefore(5_000)
    expect(await first()).toBe(4_000)
    await files.close()
  })

  test('with a damaged line are refused by name; an append that was torn is cut off', async () => {
    const folder = await newFolder()
    const { files } = await opened(folder)
    await files.append(these(remembering(3_000).pages(0, 3_000)))
    await files.close()
    const [name] = (await readdir(folder)).sort()
    const path = join(folder, name!)
    await appendFile(path, '{"first":3000,')
    const { files: again } = await opened(folder)
    expect([again.count, again.tornBytes]).toEqual([3_000, 14])
    await again.close()
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replace('"count":1000', '"count":1001'))
    await expect(opened(folder)).rejects.toThrow(CannotRecover)
  })
})

test('a checkpoint has the keys that are forgotten while it is written: its span begins with them', async () => {
  const folder = await newFolder()
  const answers = remembering(3_000)
  const { files } = await opened(folder)
  const deps = {
    intake: { keyPages: (from: number, until: number) => answers.pages(from, until) },
    keys: files,
    checkpoints: { write: async () => ({ oldestSegment: 0, bytes: 0 }) },
    finals: { count: 0, append: async () => {} },
    results: { since: () => [] },
    log: { roll: () => 0, flushed: async () => answers.pass(1_000_000), deleteBefore: async () => {} },
    deadLetters: { flush: async () => {} },
    logger: pino({ level: 'silent' }),
  }
  const checkpointer = new Checkpointer(deps as never, 1_000, systemClock)
  const content = { intake: { keys: answers.span }, finals: 0 } as CheckpointContent
  await checkpointer.take(
    () => content,
    () => ({ pieces: [], thaw: () => {} }),
    0,
  )
  await files.close()
  const found = await opened(folder)
  expect([found.pages[0]?.first, found.files.count]).toEqual([0, 3_000])
  await found.files.close()
})

describe('a restart', () => {
  const { start } = testNodes()
  const posted = (n: number) => [event('a', 1), { 'idempotency-key': `key ${n}` }] as const

  test('knows the keys of all requests, of its checkpoint and of the log after it', async () => {
    const first = await start()
    for (let n = 0; n < 5; n++) await first.post(...posted(n))
    await first.stop()
    const second = await start({ folder: first.folder })
    for (let n = 5; n < 8; n++) await second.post(...posted(n))
    const crashed = await newFolder()
    await cp(first.folder, crashed, { recursive: true }) // as a crash would leave it
    const third = await start({ folder: crashed })
    for (let n = 0; n < 8; n++) await third.post(...posted(n))
    expect((await third.status()).events.accepted).toBe(8) // each once
    await third.stop()
  })

  test('whose files of keys were taken away is refused: a repeated request would count twice', async () => {
    const first = await start()
    await first.post(...posted(1))
    await first.stop()
    await rm(join(first.folder, 'keys'), { recursive: true })
    await expect(start({ folder: first.folder })).rejects.toThrow(
      /lack the idempotency keys from number 0 to 0.*--repair/,
    )
  })
})
