import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { LetterPage } from '../../edge-node/dead-letters/dead-letters'
import type { WindowPage } from '../../edge-node/results/results'
import { type EmbeddedCloud, startEmbeddedCloud } from '../../localstack/embedded/start'
import { provision } from '../../localstack/provision'
import { type Child, startChild } from '../../scripts/processes/child'
import { poisonStack } from './poison-stack'
import { POISONS } from './poisoned-pipeline'

const T0 = Date.UTC(2023, 0, 1)
const LOCAL_ENV = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
const SOUND_EVENTS = 3 // of each request, around the one that kills

/** Real processes: an edge node that somebody starts again whenever it ends. */
describe('an event that ends the process of the node', () => {
  let cloud: EmbeddedCloud

  beforeAll(async () => {
    cloud = await startEmbeddedCloud({ port: 0, onFunctionLog: () => {} })
    await provision(cloud.endpoint, poisonStack('bids:of-no-importance', 10))
  }, 60_000)

  afterAll(() => cloud?.stop())

  /**
   * Runs a node over the folder until `done` has come to something, and starts it again when it ends. Counts how often
   * it ended.
   */
  async function supervised<T>(folder: string, done: (url: string) => Promise<T | undefined>) {
    const settings = { stack: 'spillway-test', pipeline: 'poisoned', mode: 'never', port: 0, 'log-level': 'silent' }
    const args = Object.entries({ ...settings, 'data-dir': folder }).flatMap(([name, value]) => [
      `--${name}`,
      `${value}`,
    ])
    for (let deaths = 0; ; deaths++) {
      const env = { ...LOCAL_ENV, AWS_ENDPOINT_URL: cloud.endpoint }
      const node = startChild('test/e2e/poisoned-edge.ts', args, env, 'ignore', 'ignore')
      const result = await untilDoneOrDead(node, done)
      if (result !== undefined) {
        await node.stop()
        return { deaths, result }
      }
    }
  }

  async function untilDoneOrDead<T>(node: Child, done: (url: string) => Promise<T | undefined>) {
    let isDead = false
    void node.ended().then(() => {
      isDead = true
    })
    const ready = await node.ready<{ url: string }>().catch(() => null)
    while (ready !== null && !isDead) {
      const result = await done(ready.url).catch(() => undefined) // it dies in the midst of an answer
      if (result !== undefined) return result
      await sleep(50)
    }
    return undefined
  }

  const event = (afterT0Ms: number, more = {}) => JSON.stringify({ k: 'a', t: T0 + afterT0Ms, ...more })
  const get = async <T>(url: string, path: string) => (await (await fetch(url + path)).json()) as T

  test.each(POISONS)(
    '(%s) ends it twice, and is a dead letter then; all the others count',
    async (poison) => {
      const folder = await mkdtemp(join(tmpdir(), 'spillway-deadly-'))
      let isSent = false
      const { deaths, result } = await supervised(folder, async (url) => {
        if (!isSent) {
          const lines = [...Array.from({ length: SOUND_EVENTS }, (_, n) => event(n)), event(5, { poison })]
          const { status } = await fetch(`${url}/v1/events`, { method: 'POST', body: lines.join('\n') })
          isSent = status === 202
          return undefined
        }
        const { deadLetters } = await get<LetterPage>(url, '/v1/dead-letters')
        if (deadLetters.length === 0) return undefined // a window that is final would keep what a late timer has done
        const closer = { method: 'POST', body: event(60_000), headers: { 'idempotency-key': 'closer' } }
        await fetch(`${url}/v1/events`, closer)
        const { windows } = await get<WindowPage>(url, `/v1/windows?to=${T0 + 10_000}`)
        if (windows[0] === undefined) return undefined
        return { window: windows[0], deadLetters }
      })
      await rm(folder, { recursive: true, force: true })
      expect(result.window).toMatchObject({ accepted: SOUND_EVENTS + 1, edge: SOUND_EVENTS, deadLettered: 1 })
      expect(result.window.rows).toMatchObject([{ key: 'a', n: SOUND_EVENTS }])
      expect(result.deadLetters).toMatchObject([
        { code: 'map_killed', offset: SOUND_EVENTS, line: event(5, { poison }) },
      ])
      expect(deaths).toBe(2)
    },
    120_000,
  )
})
