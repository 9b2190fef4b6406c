import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { scripts } from '../../../package.json'

const ROOT = join(__dirname, '../../..')

/** The commands that are programs of this project, with their files. */
const COMMANDS = Object.entries(scripts).flatMap(([name, script]) => {
  const [, file] = /^(?:tsx|node --import tsx) (\S+\.ts)$/.exec(script) ?? []
  return file === undefined ? [] : [{ name, file }]
})

/** Exit code, and what was said on standard error. */
async function run(file: string, args: readonly string[]): Promise<{ code: number; says: string }> {
  const ended = promisify(execFile)(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: ROOT,
    timeout: 60_000,
  })
  return ended.then(
    ({ stderr }) => ({ code: 0, says: stderr }),
    ({ code, stderr }) => ({ code, says: stderr }),
  )
}

describe('wrong usage ends with 2 and a next step, so that 1 always means that something failed', () => {
  test.each(COMMANDS)(
    'an unknown option of npm run $name',
    async ({ file }) => {
      const { code, says } = await run(file, ['--no-such-option'])
      expect(says).toMatch(/See --help\.\s*$/)
      expect(code).toBe(2)
    },
    90_000,
  )

  test.each([
    ['lab/bench/command.ts', 'nothing'],
    ['lab/bench/command.ts', 'spike', '--no-such-option'],
    ['lab/bench/command.ts', 'spike', '--seed', 'x'],
    ['lab/bench/command.ts', 'policies', '--policy', 'nobody'],
    ['lab/bench/command.ts', 'trace', '--trace', 'no-file'],
    ['lab/bench/command.ts', 'trace'],
    ['lab/bench/command.ts', 'flink', '--only', 'nothing'],
    ['lab/bench/command.ts', 'flink', '--capacity', '700'],
    ['localstack/embedded/main.ts', '--port', 'x'],
  ])(
    '%s %s %s %s',
    async (file, ...args) => {
      const { code, says } = await run(file, args.filter(Boolean))
      expect([code, says]).toEqual([2, expect.stringMatching(/See --help\.\s*$/)])
    },
    90_000,
  )

  test('finds the commands of package.json', () => {
    expect(COMMANDS.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['start', 'edge', 'load', 'bench', 'cloud']),
    )
    expect(COMMANDS.length).toBeGreaterThan(12)
  })
})
