import { execFile } from 'node:child_process'
import { appendFile, cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { pipelineVersions } from '../../cloud/deployment'

jest.setTimeout(30_000) // each version takes a process of its own, and a busy machine its time

const ROOT = join(__dirname, '../..')
/** The pipelines of this repository: one that somebody adds, as the tutorial does, is no part of the tests. */
const OURS = ['bids', 'burn', 'hot', 'llm-usage']

/** The versions of the project that lies in `root`, as a process in `cwd` sees them. */
async function versionsOf(root: string, cwd = root): Promise<Record<string, string>> {
  const script = `require(${JSON.stringify(join(root, 'program/version.cjs'))}).versions().then(console.log)`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { cwd })
  return pipelineVersions(stdout.trim())
}

describe('the version of a pipeline', () => {
  let copy: string
  /** Of the copy, as the tests before have left it. */
  let current: Record<string, string>
  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'spillway-version-'))
    // The settings of the compiler are part of it: they decide what the bundle does.
    const pipelines = [...OURS, 'pricing-service'].map((name) => `pipelines/${name}.ts`)
    for (const part of ['core', 'cloud', ...pipelines, 'program', 'tsconfig.json']) {
      await cp(join(ROOT, part), join(copy, part), { recursive: true })
    }
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
    current = await versionsOf(copy)
  })
  afterAll(() => rm(copy, { recursive: true, force: true }))

  test('is there for each file of the folder with a default export, and for no other', () => {
    expect(Object.keys(current)).toEqual(OURS)
    for (const version of Object.values(current)) expect(version).toMatch(/^[0-9a-f]{12}$/)
  })

  test('is the same every time, and wherever the project lies', async () => {
    expect(await versionsOf(copy)).toEqual(current)
    expect(await versionsOf(ROOT)).toMatchObject(current)
  })

  const others = ['burn', 'hot', 'llm-usage']
  test.each([
    ['the pipeline', 'pipelines/bids.ts', others],
    ['what the pipeline calls', 'pipelines/pricing-service.ts', ['hot']],
    ['how events are folded', 'core/protocol/fold.ts', []],
    ['how partials are merged', 'core/protocol/merge.ts', []],
    ['how envelopes and partials are written', 'cloud/chunks.ts', []],
  ])('changes with %s; those that run the same as before keep theirs', async (_, file, same: string[]) => {
    await appendFile(join(copy, file), "\nconsole.log('changed')\n")
    const changed = await versionsOf(copy)
    const kept = Object.keys(changed).filter((name) => changed[name] === current[name])
    current = changed
    expect(kept).toEqual(same)
  })

  test('does not change with a comment', async () => {
    await appendFile(join(copy, 'pipelines/bids.ts'), '\n// a word more\n')
    expect(await versionsOf(copy)).toEqual(current)
  })

  test('is none when the pipeline does not compile', async () => {
    await writeFile(join(copy, 'pipelines/broken.ts'), 'export default 1\nimport "./nowhere"\n')
    await expect(versionsOf(copy)).rejects.toThrow('Could not resolve')
  })
})
