import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { openTestNode, type TestNode, take } from './load-fixtures'

const ROOT = join(__dirname, '../../..')

/** Processes start slowly where others have work to do. */
jest.setTimeout(60_000)

let node: TestNode | undefined
let child: ChildProcess | undefined

afterEach(async () => {
  child?.kill('SIGKILL')
  await node?.close()
})

/** The script as a process of its own, with its output so far as promises. */
function startLoad(...args: string[]) {
  const load = spawn(process.execPath, ['--import', 'tsx', 'scripts/spillway.ts', 'load', ...args], { cwd: ROOT })
  child = load
  return { load, stdout: text(load.stdout), stderr: text(load.stderr), exit: once(load, 'exit') }
}

describe('the script', () => {
  test('ends on SIGINT with the report of what it did, and exit code 0', async () => {
    let load: ChildProcess | undefined
    node = await openTestNode((request, response) => {
      if (request.key === 'cli-1-2') load?.kill('SIGINT')
      take(request, response)
    })
    const started = startLoad('--url', node.url, '--seconds', '600', '--run-id', 'cli', '--quiet', '--json')
    load = started.load
    expect(await started.exit).toEqual([0, null])
    const report = JSON.parse(await started.stdout)
    expect(report).toMatchObject({ interrupted: true, unanswered: 0, failed: 0 })
    expect(report.accepted).toBe(report.sent)
    expect(report.accepted).toBe(node.received.reduce((sum, { lines }) => sum + lines.length, 0))
  })

  test('ends at once when the program that started it is gone', async () => {
    node = await openTestNode(take)
    const args = ['load', '--url', node.url, '--seconds', '600', '--quiet']
    const load = fork('scripts/spillway.ts', args, { cwd: ROOT, execArgv: ['--import', 'tsx'], stdio: 'ignore' })
    child = load
    while (node.received.length === 0) await setTimeout(20)
    load.disconnect()
    expect(await once(load, 'exit')).toEqual([130, null])
  })

  test('says soon that nothing answers, what to do, and exits with 2', async () => {
    node = await openTestNode(take)
    await node.close()
    const started = startLoad('--url', node.url, '--quiet', '--json', '--seconds', '600', '--give-up-seconds', '0.5')
    node = undefined
    expect(await started.exit).toEqual([2, null])
    const said = (await started.stderr).trimEnd().split('\n')
    expect(said[0]).toMatch(/^Nothing answers at http.*ECONNREFUSED.*\(spillway edge\).* --url/)
    expect(said.at(-1)).toMatch(/^Nothing ever answered at http.*\(spillway edge\)/)
    expect(JSON.parse(await started.stdout)).toMatchObject({ silent: true, accepted: 0 })
  })

  test('exits with 2 and one line about a bad option', async () => {
    const started = startLoad('--keys', 'none')
    expect(await started.exit).toEqual([2, null])
    expect(await started.stderr).toMatch(
      /^Option '--keys <n>' argument 'none' is invalid\. .* See spillway load --help\.\n$/,
    )
  })
})
