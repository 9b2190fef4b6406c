import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import { SidecarClient } from '../../../flink/sidecar/client'
import { KIND } from '../../../flink/sidecar/messages'
import { ownOptions } from '../../../flink/sidecar/own-options'

const MAIN = join(__dirname, '../../../flink/sidecar/main.ts')

/** A real process, as a TaskManager starts it. */
describe('a sidecar that a TaskManager holds', () => {
  let folder: string
  let sidecar: ChildProcessByStdio<Writable, null, null>
  afterEach(async () => {
    sidecar.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })

  async function start(settings: readonly string[]): Promise<string> {
    folder = await mkdtemp(join(tmpdir(), 'spillway-sidecar-'))
    const path = join(folder, 's.sock')
    const args = ['--import', 'tsx', MAIN, ...settings, '--listen', `unix:${path}`, '--until-stdin-ends']
    sidecar = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'] })
    return path
  }

  async function connected(path: string): Promise<SidecarClient> {
    for (;;) {
      const client = await SidecarClient.connect({ path }).catch(() => null)
      if (client !== null) return client
      await sleep(50)
    }
  }

  test('answers, says its process, and ends when its standard input does', async () => {
    const client = await connected(await start(['--mode', 'never', '--log-level', 'silent']))
    await client.hello('bids')
    const facts = JSON.parse(Buffer.from(await client.ask(KIND.facts)).toString())
    expect(facts).toMatchObject({ pid: sidecar.pid, held: { envelopes: 0, bytes: 0, apart: 0, keptBytes: 0 } })
    sidecar.stdin.end()
    expect(await once(sidecar, 'exit')).toEqual([0, null])
    client.close()
  }, 120_000)

  test('ends with 2 when its options are wrong, so that it is not started again', async () => {
    await start(['--modus', 'never'])
    expect(await once(sidecar, 'exit')).toEqual([2, null])
  }, 120_000)
})

describe('the options of a sidecar', () => {
  describe('--listen', () => {
    test.each([
      ['unix:/run/s.sock', { path: '/run/s.sock' }],
      ['127.0.0.1:7171', { host: '127.0.0.1', port: 7171 }],
      ['[::1]:7171', { host: '::1', port: 7171 }],
    ])('takes %s', (text, listen) => {
      expect(ownOptions(['--mode', 'never', '--listen', text, '--workers', '1'])).toEqual({
        listen,
        endsWithStdin: false,
        rest: ['--mode', 'never', '--workers', '1'],
      })
    })

    test.each(['0.0.0.0:7171', 'example.org:80', '7171', 'unix:', ''])(
      'refuses "%s": nobody is asked who they are',
      (text) => {
        expect(() => ownOptions(['--listen', text])).toThrow('give unix:FILE or 127.0.0.1:PORT')
      },
    )
  })

  test('--until-stdin-ends is an option of its own, wherever it stands', () => {
    const { endsWithStdin, rest } = ownOptions(['--mode', 'never', '--until-stdin-ends', '--workers', '1'])
    expect({ endsWithStdin, rest }).toEqual({ endsWithStdin: true, rest: ['--mode', 'never', '--workers', '1'] })
  })
})
