import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { DataNotPrivate, keepPrivate, privacyOf } from '../../../edge-node/disk/private-data'
import { event, testNodes } from '../../support/fixture'

const { start, newFolder } = testNodes()
const logger = pino({ level: 'silent' })
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

describe('S14 others on the machine who read the data', () => {
  test('a new data directory is for its owner alone', async () => {
    const folder = join(await newFolder(), 'new', 'data')
    expect(await privacyOf(folder)).toBe('absent')
    await keepPrivate(folder, logger)
    expect([await modeOf(folder), await privacyOf(folder)]).toEqual(['700', 'private'])
  })

  test('everything that a node writes is, whatever the umask', async () => {
    const before = process.umask(0)
    try {
      const { folder, post, windows, stop } = await start({ config: { checkpointEveryMs: 100 } })
      await post([event('a', 1), event('a', 2, 'poison'), event('a', 21)].join('\n'))
      await windows(1)
      await stop()
      const entries = await readdir(folder, { recursive: true, withFileTypes: true })
      expect(entries.length).toBeGreaterThan(5)
      for (const entry of entries) {
        const path = join(entry.parentPath ?? entry.path, entry.name)
        expect([path, await modeOf(path)]).toEqual([path, entry.isDirectory() ? '700' : '600'])
      }
    } finally {
      process.umask(before)
    }
  })

  test('one that others could enter is closed with all that is in it, and links are left alone', async () => {
    const folder = await newFolder()
    const elsewhere = join(await newFolder(), 'elsewhere')
    await writeFile(elsewhere, '')
    await chmod(elsewhere, 0o644)
    await mkdir(join(folder, 'log'))
    await writeFile(join(folder, 'log', '1'), '')
    await writeFile(join(folder, 'deployment.json'), '{}')
    await symlink(elsewhere, join(folder, 'log', 'link'))
    for (const name of ['log/1', 'deployment.json']) await chmod(join(folder, name), 0o644)
    for (const name of ['log', '']) await chmod(join(folder, name), 0o755)
    await keepPrivate(folder, logger)
    expect(
      await Promise.all(['', 'log', 'log/1', 'deployment.json'].map((name) => modeOf(join(folder, name)))),
    ).toEqual(['700', '700', '600', '600'])
    expect(await modeOf(elsewhere)).toBe('644')
  })

  test('one that a node has worked in is closed, whatever the node keeps there', async () => {
    const node = await start()
    for (const t of [1, 60]) await node.post(event('a', t), { 'idempotency-key': `${t}` })
    await node.windows(1)
    await node.stop()
    await chmod(node.folder, 0o755)
    await keepPrivate(node.folder, logger)
    expect(await modeOf(node.folder)).toBe('700')
  })

  test('one that holds other things is refused, and left as it is', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'homework.txt'), '')
    await chmod(folder, 0o755)
    const refused = keepPrivate(folder, logger)
    await expect(refused).rejects.toBeInstanceOf(DataNotPrivate)
    await expect(refused).rejects.toThrow(/holds homework.txt, not ours; chmod 700 it, or choose another --data-dir/)
    expect(await modeOf(folder)).toBe('755')
  })
})
