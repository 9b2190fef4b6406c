import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'

const ROOT = join(__dirname, '../..')
const BIOME = join(ROOT, 'node_modules/.bin/biome')
const FUNCTION = 'lint/complexity/noExcessiveLinesPerFunction'
const FILE = 'lint/style/noExcessiveLinesPerFile'

/** A function with so many lines in its body. */
const functionOf = (lines: number) => {
  const body = Array.from({ length: lines - 1 }, (_, n) => `  console.info(${n})`)
  return ['export function planted() {', ...body, '}', ''].join('\n')
}
const fileOf = (lines: number) => Array.from({ length: lines }, (_, n) => `export const c${n} = ${n}\n`).join('')

describe('the lint of the project', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-sizes-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const found = (file: string, source: string): Promise<string[]> => {
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    copyFileSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'))
    writeFileSync(path, source)
    return new Promise((resolve) =>
      execFile(BIOME, ['lint', '--vcs-enabled=false', '--reporter=json', file], { cwd: folder }, (_error, stdout) =>
        resolve(JSON.parse(stdout).diagnostics.map(({ category }: { category: string }) => category)),
      ),
    )
  }

  test.each([
    ['a function of more than 70 lines', 'core/planted.ts', functionOf(80), FUNCTION],
    ['one of a helper of the tests', 'test/support/planted.ts', functionOf(80), FUNCTION],
    ['a file of more than 400 lines', 'edge-node/planted.ts', fileOf(401), FILE],
    ['a test file of more than 400 lines', 'test/core/planted.test.ts', fileOf(401), FILE],
  ])('finds %s', async (_, file, source, rule) => {
    expect(await found(file, source)).toContain(rule)
  })

  test('lets pass what is shorter', async () => {
    expect(await found('core/short.ts', functionOf(60))).not.toContain(FUNCTION)
    expect(await found('core/short.ts', fileOf(400))).not.toContain(FILE)
  })

  test('excepts the descriptions of tests, and nothing else that is not named here', () => {
    const { overrides } = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8'))
    expect(overrides.map(({ includes }: { includes: string[] }) => includes)).toEqual([
      ['test/**/*.test.ts', 'test/**/*.contract.ts', 'scripts/simulate/cli.ts'],
    ])
  })
})
