import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, test } from '@jest/globals'
import type { SidecarFacts } from '../../../scripts/flink/sidecar-process'
import { warmUp } from '../../../scripts/flink/warm-up'

/** A job that folds what it is sent one event a look. */
async function stage() {
  const to = new PassThrough()
  let folded = 7
  let sent = 0
  to.on('data', (chunk: Buffer) => {
    sent += String(chunk).trim().split('\n').length
  })
  const facts = async () => {
    if (folded < 7 + sent) folded += 1
    return { events: { edge: folded, burst: 0, deadLettered: 0 } } as unknown as SidecarFacts
  }
  const keptFile = join(await mkdtemp(join(tmpdir(), 'warm-up-')), 'kept.ndjson')
  const lineOf = (event: number) => `{"event":${event}}`
  return { given: { to, sidecar: { facts }, lineOf, keptFile }, folded: () => folded }
}

test('a warm-up is over when its events are folded, and they are kept for the check', async () => {
  const { given, folded } = await stage()
  await warmUp(given, 3)
  expect(folded()).toBe(10)
  const { lines } = JSON.parse(await readFile(given.keptFile, 'utf8'))
  expect(lines).toEqual(['{"event":0}', '{"event":1}', '{"event":2}'])
})

test('a warm-up of no events leaves an empty file and waits for nothing', async () => {
  const { given } = await stage()
  await warmUp(given, 0)
  expect(await readFile(given.keptFile, 'utf8')).toBe('')
})
