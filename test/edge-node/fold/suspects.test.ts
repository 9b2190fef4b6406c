import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { openSuspects, Suspects } from '../../../edge-node/fold/suspects'
import { systemClock } from '../../../edge-node/observe/clock'
import { temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()
const logger = pino({ level: 'silent' })
const of = (...digests: string[]) => digests.map((digest) => ({ digest }))
const open = (folder: string, ...waiting: string[]) => openSuspects(folder, of(...waiting), logger)
const file = (folder: string) => join(folder, 'fold-notes.ndjson')

describe('the envelopes that may end the process', () => {
  test('are none after an orderly end, and nothing is noted then', async () => {
    const folder = await newFolder()
    await (await open(folder, 'a')).close()
    const second = await open(folder, 'a')
    expect(second.has({ digest: 'a' })).toBe(false)
    expect(second.noteFold({ digest: 'a' })).toBeUndefined()
  })

  test('are not known after a first death: what waits is noted on disk, once, before it is folded', async () => {
    const folder = await newFolder()
    await open(folder) // and dies
    const second = await open(folder, 'a')
    expect(second.has({ digest: 'a' })).toBe(false)
    await second.noteFold({ digest: 'a' })
    expect(await readFile(file(folder), 'utf8')).toContain('"kind":"folding","digest":"a"')
    expect(second.noteFold({ digest: 'a' })).toBeUndefined()
    expect(second.noteFold({ digest: 'new' })).toBeUndefined()
  })

  test('are those that were noted when it died again', async () => {
    const folder = await newFolder()
    await open(folder)
    const second = await open(folder, 'a', 'b')
    await second.noteFold({ digest: 'a' }) // and dies
    const third = await open(folder, 'a', 'b')
    expect([third.has({ digest: 'a' }), third.has({ digest: 'b' })]).toEqual([true, false])
  })

  test('stay so over further deaths, as long as they wait', async () => {
    const folder = await newFolder()
    await open(folder)
    await (await open(folder, 'a')).noteFold({ digest: 'a' })
    await open(folder, 'a')
    expect((await open(folder, 'a')).has({ digest: 'a' })).toBe(true)
    expect((await open(folder)).has({ digest: 'a' })).toBe(false)
  })

  test('may be seen to be so in the cloud, which is remembered', async () => {
    const folder = await newFolder()
    const first = await open(folder)
    first.add({ digest: 'a' })
    await first.close()
    expect((await open(folder, 'a')).has({ digest: 'a' })).toBe(true)
  })

  test('an envelope that the cloud says nothing of is noted before it is folded here, without any death', async () => {
    const folder = await newFolder()
    const first = await open(folder)
    first.beware({ digest: 'a' })
    await first.noteFold({ digest: 'a' }) // and dies
    expect((await open(folder, 'a')).has({ digest: 'a' })).toBe(true)
  })

  test('where the disk takes no notes the former ones stand, and folding goes on', async () => {
    const notes = [{ kind: 'began' }, { kind: 'folding', digest: 'a', atMs: 0 }] as const
    const begin = () => Promise.reject(new Error('ENOSPC'))
    const suspects = await Suspects.open({ notes, waiting: ['a', 'b'], begin, clock: systemClock, logger })
    expect(suspects.has({ digest: 'a' })).toBe(true)
    await suspects.noteFold({ digest: 'b' })
    await suspects.close()
  })

  test('lines that nobody can read are passed over', async () => {
    const folder = await newFolder()
    await writeFile(file(folder), '{"kind":"began"}\nrubbish\n{"kind":"suspect","digest":"a"}\n{"kind":"fold')
    expect((await open(folder, 'a')).has({ digest: 'a' })).toBe(true)
  })
})
