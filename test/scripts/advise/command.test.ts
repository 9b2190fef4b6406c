import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from '@jest/globals'
import { parseTrace } from '../../../scripts/load/schedule/trace'
import { type FakeFlink, fakeFlinks } from '../../flink/rest/fake-flink'

const ROOT = join(__dirname, '../../..')
const JOB_LIVES_MS = 60_000
const startFlink = fakeFlinks()

const timers: NodeJS.Timeout[] = []
afterEach(() => {
  for (const timer of timers.splice(0)) clearInterval(timer)
})

/** Lets the job take 100 events for each 100 ms of its own time, which goes on ten times as fast as ours. */
function work({ job }: FakeFlink): void {
  const timer = setInterval(() => {
    job.nowMs += 1_000
    job.recordsIn += 1_000
    job.busyMs += 1_200
  }, 100)
  timers.push(timer)
}

const start = (...args: readonly string[]) =>
  spawn(process.execPath, ['--import', 'tsx', 'scripts/spillway.ts', 'advise', ...args], { cwd: ROOT })

async function ended(child: ReturnType<typeof start>) {
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { stdout, stderr, code: code as number | null }
}

describe('spillway advise', () => {
  test(
    'answers an interrupt with what was seen until then, as text or JSON, and keeps the load as a trace',
    async () => {
      const flink = await startFlink({ busyMs: 0 })
      work(flink)
      const save = join(await mkdtemp(join(tmpdir(), 'advise-')), 'trace.csv')
      const child = start('--flink', flink.url, '--for', '1h', '--every', '500ms', '--json', '--save', save)
      const asked = setInterval(() => flink.asked.length > 60 && child.kill('SIGINT'), 200)
      timers.push(asked)
      const { stdout, stderr, code } = await ended(child)
      expect(stderr).toMatch(/Watching "spillway bids".*read only.*Stopped: answering with what was seen\./s)
      const advice = JSON.parse(stdout)
      expect(advice).toMatchObject({ capacity: { kind: 'by-busy-time' }, answer: { verdict: 'enough' } })
      expect(advice.meanRate).toBeGreaterThan(0)
      expect(code).toBe(0)
      expect(parseTrace(await readFile(save, 'utf8'), save).counts.at(-1)).toBeCloseTo(advice.events, 0)
    },
    JOB_LIVES_MS,
  )

  test(
    'asks for nothing but figures: it only reads',
    async () => {
      const flink = await startFlink()
      const { stderr, code } = await ended(start('--flink', flink.url, '--for', '1s', '--every', '500ms'))
      expect(stderr).toMatch(/There is no advice \(nothing_seen\).*watch it for longer/)
      expect(code).toBe(1)
      expect(flink.asked.every((path) => /^\/(jobs|overview)/.test(path))).toBe(true)
    },
    JOB_LIVES_MS,
  )

  test(
    'says where no Flink answers, and what to do',
    async () => {
      const { stderr, code } = await ended(start('--flink', 'http://127.0.0.1:1'))
      expect(stderr).toMatch(/There is no advice \(flink_unreachable\).*--flink/)
      expect(code).toBe(1)
    },
    JOB_LIVES_MS,
  )
})
