import { execFile } from 'node:child_process'
import { appendFile, cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { pipelines } from '../../pipelines/registry'
import { oraclePipeline } from '../../scripts/verify/pipelines/named'

jest.setTimeout(30_000) // each version takes a process of its own, and a busy machine its time

const ROOT = join(__dirname, '../..')

/** The version of the project that lies in `root`, as a process in `cwd` sees it. */
async function versionOf(root: string, cwd = root): Promise<string> {
  const script = `require(${JSON.stringify(join(root, 'pipelines/version.cjs'))}).version().then(console.log)`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { cwd })
  return stdout.trim()
}

describe('the version of the pipelines', () => {
  let copy: string
  /** Of the copy, as the tests before have left it. */
  let current: string
  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'spillway-version-'))
    // The settings of the compiler are part of it: they decide what the bundle does.
    for (const part of ['core', 'cloud', 'pipelines', 'tsconfig.json']) {
      await cp(join(ROOT, part), join(copy, part), { recursive: true })
    }
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
    current = await versionOf(copy)
  })
  afterAll(() => rm(copy, { recursive: true, force: true }))

  test('is the same every time, from every folder, and wherever the project lies', async () => {
    const versions = await Promise.all([versionOf(copy), versionOf(ROOT), versionOf(ROOT, tmpdir())])
    expect(current).toMatch(/^[0-9a-f]{12}$/)
    expect(versions).toEqual([current, current, current])
  })

  test.each([
    ['a pipeline', 'pipelines/bids.ts'],
    ['what a pipeline calls', 'pipelines/pricing-service.ts'],
    ['an aggregate that a pipeline uses', 'core/aggregates/quantile.ts'],
    ['how events are folded', 'core/protocol/fold.ts'],
    ['how partials are merged', 'core/protocol/merge.ts'],
    ['how envelopes and partials are written', 'cloud/chunks.ts'],
  ])('changes with %s', async (_, file) => {
    await appendFile(join(copy, file), "\nconsole.log('changed')\n")
    const changed = await versionOf(copy)
    expect(changed).not.toBe(current)
    current = changed
  })

  test('does not change with a comment', async () => {
    await appendFile(join(copy, 'pipelines/bids.ts'), '\n// a word more\n')
    expect(await versionOf(copy)).toBe(current)
  })

  test('is none when a pipeline does not compile', async () => {
    await appendFile(join(copy, 'pipelines/bids.ts'), '\nimport "./nowhere"\n')
    await expect(versionOf(copy)).rejects.toThrow('Could not resolve')
  })
})

describe('the registry', () => {
  test('has every pipeline under its own name', () => {
    for (const [name, pipeline] of pipelines) expect(pipeline.name).toBe(name)
  })

  test.each([...pipelines.keys()])('%s has an oracle with the same windows and aggregates', (name) => {
    const { window, columns } = pipelines.get(name)!
    const oracle = oraclePipeline(name)
    expect(oracle.windowing).toEqual({ sizeMs: window.sizeMs, slideMs: window.slideMs })
    expect(Object.keys(oracle.aggregates)).toEqual(columns.map(([column]) => column))
  })
})
