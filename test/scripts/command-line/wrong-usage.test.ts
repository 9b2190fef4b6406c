import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { scripts } from '../../../package.json'

const ROOT = join(__dirname, '../../..')

/**
 * The npm scripts that are programs of this project: a file, and the word of the command line. One word stands for all
 * of them, which `dispatch.test.ts` asks without a process for each.
 */
const COMMANDS = Object.entries(scripts).flatMap(([name, script]) => {
  const [, file, word] = /^(?:tsx|node --import tsx) (\S+\.ts)(?: (\S+))?$/.exec(script) ?? []
  const isAsked = file !== undefined && (word === undefined || word === 'load')
  return isAsked ? [{ name, file, words: word === undefined ? [] : [word] }] : []
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
    async ({ file, words }) => {
      const { code, says } = await run(file, [...words, '--no-such-option'])
      expect(says).toMatch(/See (spillway|npm run).* --help\.\s*$/)
      expect(code).toBe(2)
    },
    90_000,
  )

  test.each([
    ['localstack/embedded/main.ts', '--port', 'x'],
    ['edge-node/main.ts', '--prot', '7070'],
    ['flink/sidecar/main.ts', '--listen', 'nowhere'],
    ['flink/controller/main.ts', '--check', '--prot'],
  ])(
    '%s %s %s',
    async (file, ...args) => {
      const { code, says } = await run(file, args.filter(Boolean))
      expect([code, says]).toEqual([2, expect.stringMatching(/See spillway .+ --help\.\s*$/)])
    },
    90_000,
  )

  test('finds the commands of package.json', () => {
    expect(COMMANDS.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['spillway', 'load', 'sim', 'localstack', 'flink:trials', 'check-simulator']),
    )
  })
})
