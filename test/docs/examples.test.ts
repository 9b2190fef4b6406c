import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { blocksOf, markerOf, ROOT, textOf } from './pages'

const PAGES = ['docs/how-to/test-a-pipeline.md', 'docs/how-to/read-results.md', 'docs/tutorial.md']
const TSC = join(ROOT, 'node_modules/.bin/tsc')

/** The files that a page has its reader make. */
const filesOf = (page: string) =>
  blocksOf(textOf(page)).flatMap((block) => {
    const marker = markerOf(block)
    return marker.kind === 'file' && !marker.path.endsWith('functions.ts') ? [[marker.path, block.code] as const] : []
  })

/** Below the project, so that its packages are found, and under a name that git passes over. */
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(ROOT, '.types-'))
  for (const [path, code] of PAGES.flatMap(filesOf)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), code)
  }
  const config = { extends: join(ROOT, 'tsconfig.json'), include: ['**/*.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(PAGES)('%s has files', (page) => expect(filesOf(page).length).toBeGreaterThan(0))

test('the files of the pages compile', async () => {
  const said = await promisify(execFile)(TSC, ['-p', folder, '--pretty', 'false']).catch(({ stdout }) => ({ stdout }))
  expect(said.stdout).toBe('')
}, 60_000)

test('the tests of the pages pass', async () => {
  const tests = PAGES.flatMap(filesOf).flatMap(([path]) => (path.endsWith('.test.ts') ? [join(folder, path)] : []))
  expect(tests).toHaveLength(2)
  // Jest's own variable would make node:test report to it.
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env
  const args = ['--import', 'tsx', '--test', '--test-reporter', 'tap', ...tests]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env }).catch((error) => error)
  expect(stdout).toContain('# pass 4\n')
  expect(stdout).toContain('# fail 0\n')
}, 60_000)
