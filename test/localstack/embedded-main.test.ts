import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path, { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { writeBootstrap } from '../../localstack/embedded/lambda/code'
import { ensurePackaged } from '../../localstack/package'
import { eventually } from '../support/eventually'

const MAIN = path.resolve(__dirname, '../../localstack/embedded/main.ts')

interface Ready {
  readonly kind: 'ready'
  readonly endpoint: string
  readonly outputs: Readonly<Record<string, string>>
}

beforeAll(async () => {
  await ensurePackaged({ onProgress: () => {} })
}, 180_000)

interface Run {
  readonly child: ChildProcess
  /** A process of one of its functions. */
  readonly functionPid: number
  readonly exited: Promise<number | null>
  readonly screen: () => string
}

/** Starts the program, waits until it is ready, and has one function at work in it. */
async function start(): Promise<Run> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let screen = ''
  child.stdout?.on('data', (chunk) => {
    screen += chunk
  })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const [message] = (await once(child, 'message')) as [Ready]
  expect(message).toMatchObject({ kind: 'ready', outputs: { StreamName: 'spillway-dev-overflow' } })
  const url = `${message.endpoint}/2015-03-31/functions/${message.outputs.BurstFunction}/invocations`
  expect((await fetch(url, { method: 'POST', body: '{"Records":[]}' })).status).toBe(200)
  return { child, functionPid: functionsOf(child.pid!)[0]!, exited, screen: () => screen }
}

/** The function processes below a process; it may have others, of its TypeScript loader. Linux only. */
function functionsOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return children
    .filter((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('bootstrap.cjs'))
    .map(Number)
}

const isRunning = (pid: number): boolean => existsSync(`/proc/${pid}`)

async function ended(pid: number): Promise<void> {
  await eventually(() => expect(isRunning(pid)).toBe(false), 20_000)
}

const onLinux = process.platform === 'linux' ? describe : describe.skip

onLinux('the embedded cloud as a program', () => {
  test('shows how to use it, and ends with all its processes on SIGTERM', async () => {
    const { child, functionPid, exited, screen } = await start()
    expect(screen()).toMatch(/export AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:\d+ AWS_REGION=us-east-1/)
    expect(isRunning(functionPid)).toBe(true)
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
    expect(isRunning(functionPid)).toBe(false)
  }, 30_000)

  test('ends when its parent goes away', async () => {
    const { child, functionPid, exited } = await start()
    child.disconnect()
    expect(await exited).toBe(0)
    expect(isRunning(functionPid)).toBe(false)
  }, 30_000)

  test('leaves no function behind even when it is killed', async () => {
    const { child, functionPid, exited } = await start()
    child.kill('SIGKILL')
    await exited
    await ended(functionPid)
  }, 30_000)
})

describe('a cloud that was killed', () => {
  test('a function whose cloud was killed ends when another cloud listens on its port', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spillway-test-'))
    const other = createServer((_, response) => response.writeHead(410).end('{"errorMessage":"not known"}'))
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    try {
      await writeFile(join(folder, 'index.js'), 'exports.handler = async () => 1')
      const child = spawn(process.execPath, [writeBootstrap(folder)], {
        stdio: 'ignore',
        env: {
          _HANDLER: 'index.handler',
          LAMBDA_TASK_ROOT: folder,
          AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(other.address() as AddressInfo).port}/_runtime/of-the-old-cloud`,
        },
      })
      expect(await once(child, 'exit')).toEqual([0, null])
    } finally {
      other.closeAllConnections()
      other.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
})
