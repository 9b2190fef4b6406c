import { execFile } from 'node:child_process'
import { appendFile, cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

const ROOT = join(__dirname, '../..')

/** The version of the project that lies in `root`, as a process in `cwd` sees it. */
async function versionOf(root: string, cwd = root): Promise<string> {
  const script = `require(${JSON.stringify(join(root, 'pipelines/version.cjs'))}).version().then(console.log)`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { cwd })
  return stdout.trim()
}

describe('the version of the pipelines', () => {
  let copy: string
  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'spillway-version-'))
    // The settings of the compiler are part of it: they decide what the bundle does.
    for (const part of ['core', 'pipelines', 'tsconfig.json']) {
      await cp(join(ROOT, part), join(copy, part), { recursive: true })
    }
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  })
  afterAll(() => rm(copy, { recursive: true, force: true }))

  test('is the same every time, from every folder, and wherever the project lies', async () => {
    const [first, again, elsewhere, ofCopy] = await Promise.all([
      versionOf(ROOT),
      versionOf(ROOT),
      versionOf(ROOT, tmpdir()),
      versionOf(copy),
    ])
    expect(first).toMatch(/^[0-9a-f]{12}$/)
    expect([again, elsewhere, ofCopy]).toEqual([first, first, first])
  })

  test.each([
    ['a pipeline', 'pipelines/bids.ts'],
    ['what a pipeline calls', 'pipelines/pricing-service.ts'],
    ['an aggregate that a pipeline uses', 'core/aggregates/quantile.ts'],
  ])('changes with %s', async (_, file) => {
    const before = await versionOf(copy)
    await appendFile(join(copy, file), "\nconsole.log('changed')\n")
    expect(await versionOf(copy)).not.toBe(before)
  })

  test('does not change with a comment', async () => {
    const before = await versionOf(copy)
    await appendFile(join(copy, 'pipelines/bids.ts'), '\n// a word more\n')
    expect(await versionOf(copy)).toBe(before)
  })

  test('is none when a pipeline does not compile', async () => {
    await appendFile(join(copy, 'pipelines/bids.ts'), '\nimport "./nowhere"\n')
    await expect(versionOf(copy)).rejects.toThrow('Could not resolve')
  })
})
