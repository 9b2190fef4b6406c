import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sourceDigest } from '../../localstack/package'
import { withLock } from '../../localstack/process'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'spillway-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('work under one lock is done one after the other', async () => {
  const file = path.join(folder, 'lock')
  const trace: string[] = []
  const work = (name: string) => async () => {
    trace.push(`${name} begins`)
    await new Promise((resolve) => setTimeout(resolve, 20))
    trace.push(`${name} ends`)
  }
  await Promise.all([withLock(file, work('a')), withLock(file, work('b'))])
  expect(trace.map((line) => line.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends'])
  expect(existsSync(file)).toBe(false)
})

test('a lock is given back when the work fails', async () => {
  const file = path.join(folder, 'failing')
  await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(existsSync(file)).toBe(false)
})

test('a lock whose process has died is taken over', async () => {
  const file = path.join(folder, 'stale')
  const { pid } = spawnSync(process.execPath, ['-e', '0'])
  await writeFile(file, String(pid))
  expect(await withLock(file, async () => 'done')).toBe('done')
})

test('the digest of the sources changes with a content, a name, and the settings, and with nothing else', async () => {
  const root = await mkdtemp(path.join(folder, 'root-'))
  const digests = new Set<string>()
  const digest = async (settings: object = {}) => digests.add(await sourceDigest(root, settings)).size
  expect(await digest()).toBe(1)
  await writeFile(path.join(root, 'serverless.yml'), 'a')
  expect(await digest()).toBe(2)
  await writeFile(path.join(root, 'README.md'), 'not packaged')
  expect(await digest()).toBe(2)
  await writeFile(path.join(root, 'serverless.yml'), 'b')
  expect(await digest()).toBe(3)
  expect(await digest({ stage: 'prod' })).toBe(4)
  expect(await digest()).toBe(4)
})
