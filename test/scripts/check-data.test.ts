import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { lockData } from '../../edge-node/disk/data-lock'
import { main } from '../../scripts/check-data/command'
import { event, testNodes } from '../support/fixture'

const { start, newFolder } = testNodes()

async function run(...args: string[]) {
  const lines: string[] = []
  const hear = (line: string) => lines.push(line)
  const code = await main(args, { out: hear, err: hear })
  return { code, text: lines.join('\n') }
}

/** The folder of a node that was stopped: two final windows, a dead letter, an open window. */
async function stopped(): Promise<string> {
  const { post, windows, stop, folder } = await start()
  await post([event('a', 1, 1), event('b', 2, 'no number'), event('c', 11, 2), event('d', 25, 3)].join('\n'))
  await windows(1)
  await post(event('e', 45, 4))
  await windows(2)
  await stop()
  return folder
}

async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found.filter((each) => each.isFile()).map((each) => join(each.parentPath ?? each.path, each.name))
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[at] = bytes[at]! ^ 1
  await writeFile(path, bytes)
}

describe('the data folder of a stopped node', () => {
  test('is said to be sound, part by part, and nothing in it changes', async () => {
    const folder = await stopped()
    const contents = async () => Promise.all((await filesIn(folder)).map(async (path) => [path, await readFile(path)]))
    const before = await contents()
    const { code, text } = await run(folder)
    expect(text).toMatch(/log: \d+ segments, 5 events ever accepted/)
    expect(text).toMatch(/the rows of 3 of 3 final windows/)
    expect(code).toBe(0)
    expect(await contents()).toEqual(before)
  })

  test('is told as one JSON document with --json, and nothing else on standard output', async () => {
    const folder = await stopped()
    await flip((await filesIn(folder)).find((path) => /\.checkpoint$/.test(path))!, 30)
    const out: string[] = []
    expect(await main([folder, '--json'], { out: (line) => out.push(line), err: () => {} })).toBe(1)
    const { damaged, findings } = JSON.parse(out.join('\n'))
    expect(damaged).toBe(1)
    expect(findings.map(({ verdict }: { verdict: string }) => verdict)).toEqual(expect.arrayContaining(['sound']))
  })

  test.each([
    ['log', /\d+\.log$/, 40, /\.log is damaged at byte 0.*events from offset 0/],
    ['result', /results.*\.json\.gz$/, 15, /\.json\.gz is damaged.*window \d+ to \d+, final \d+/],
    ['final record', /finals.*\.ndjson$/, 30, /finals.*is damaged at byte 0/],
    ['checkpoint', /\.checkpoint$/, 30, /\.checkpoint: the start takes the one before it/],
    ['dead letter', /dead-letters.*\.ndjson$/, 0, /dead-letters.*cannot be read: the line at byte 0 is damaged/],
  ])(
    'with a flipped byte in a %s is said to be damaged, with the file and what is concerned',
    async (_, name, at, says) => {
      const folder = await stopped()
      const path = (await filesIn(folder)).sort().find((each) => name.test(each))!
      await flip(path, at)
      const { code, text } = await run(folder)
      expect(text).toMatch(says)
      expect(code).toBe(1)
    },
  )
})

describe('what cannot be looked at', () => {
  test('is a folder that a process works on', async () => {
    const folder = await newFolder()
    const lock = await lockData(folder)
    expect(await run(folder)).toMatchObject({ code: 2, text: expect.stringContaining('stop it first') })
    await lock.release()
  })

  test('is a folder that is not there, or none at all', async () => {
    expect(await run(join(await newFolder(), 'absent'))).toMatchObject({ code: 2 })
    expect((await run()).code).toBe(2)
  })
})

describe('what can be mended', () => {
  const ofLetters = async (folder: string) =>
    (await filesIn(folder)).find((path) => /dead-letters.*\.ndjson$/.test(path))!

  test('is only told of without --yes, with what exactly would be lost', async () => {
    const folder = await stopped()
    const path = await ofLetters(folder)
    await flip(path, 3)
    const { code, text } = await run(folder, '--repair')
    expect(text).toMatch(/lost.*dead-letters.*the lines at byte 0/)
    expect(text).toContain('Add --yes')
    expect(code).toBe(1)
    expect((await run(folder)).code).toBe(1)
  })

  test('is given up with --yes: the rest is kept, what was damaged lies beside it, and the node starts', async () => {
    const folder = await stopped()
    const path = await ofLetters(folder)
    await flip(path, 3)
    const before = await readFile(path)
    expect(await run(folder, '--repair', '--yes')).toMatchObject({ code: 0 })
    expect(await readFile(`${path}.damaged`)).toEqual(before)
    const { app, windows } = await start({ folder })
    expect(await windows(3)).toHaveLength(3)
    expect((await app.inject('/v1/dead-letters')).json().deadLetters).toEqual([])
  })

  test('are keys of requests: those that are missing are given up, and no others', async () => {
    const keyed = (n: number) => [event('a', 1, n), { 'idempotency-key': `key ${n}` }] as const
    const { folder, stop } = await start()
    await stop()
    for (let n = 0; n < 3; n++) {
      const { post, stop: end } = await start({ folder })
      await post(...keyed(n))
      await end() // with a checkpoint, and a line of keys
    }
    const path = (await filesIn(folder)).find((each) => /keys.*\.ndjson$/.test(each))!
    const lines = (await readFile(path, 'utf8')).split('\n')
    await flip(path, lines[0]!.length + 10)
    expect((await run(folder)).text).toMatch(/damaged.*keys: the idempotency keys from number 1 to 1 are missing/)
    expect((await run(folder, '--repair', '--yes')).text).toMatch(
      /lost.*keys: the idempotency keys from number 1 to 1;/,
    )
    const { code, text } = await run(folder)
    expect(text).toMatch(/note.*keys: the idempotency keys from number 1 to 1 are missing, and were given up/)
    expect(text).toMatch(/sound.*keys: 2 idempotency keys are remembered/)
    expect(code).toBe(0)
    const again = await start({ folder })
    for (let n = 0; n < 3; n++) await again.post(...keyed(n))
    expect((await again.status()).events.accepted).toBe(3 + 1) // the one that was given up, twice
  })

  test('is a file of lines that is gone, and one whose end is missing', async () => {
    const gone = await stopped()
    await rm(await ofLetters(gone))
    expect((await run(gone, '--repair', '--yes')).text).toMatch(/lost.*\.mark: all lines of its file/)
    await start({ folder: gone })
    const short = await stopped()
    const path = await ofLetters(short)
    await truncate(path, 10)
    expect(await run(short, '--repair', '--yes')).toMatchObject({ code: 0 })
    await start({ folder: short })
  })

  test('is no damage of the log: nothing could make up what was acknowledged', async () => {
    const folder = await stopped()
    const path = (await filesIn(folder)).sort().find((each) => each.endsWith('.log'))!
    await flip(path, 40)
    const { code, text } = await run(folder, '--repair', '--yes')
    expect(text).toContain('There is nothing that could be repaired.')
    expect(code).toBe(1)
    await expect(start({ folder })).rejects.toThrow('is damaged at byte 0')
  })
})
