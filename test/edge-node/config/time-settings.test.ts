import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { configSchema, SETTINGS } from '../../../edge-node/config/config'
import { event, testNodes } from '../../support/fixture'

const { start } = testNodes()
const TIMES = SETTINGS.filter((name) => name.endsWith('Ms'))
const warnings: string[] = []
const hear = (warning: Error) => void warnings.push(warning.name)

beforeEach(() => {
  warnings.length = 0
  process.on('warning', hear)
})
afterEach(() => void process.off('warning', hear))

/** The first of some values that the setting takes. */
const taken = (name: string, values: readonly number[]) =>
  values.find((value) => configSchema.safeParse({ ...required, [name]: value }).success)
const required = { pipeline: 'test', dataDir: '/nowhere' }

test.each([
  ['least', [0, 1, 10, 100, 1_000]],
  ['greatest', [Number.MAX_SAFE_INTEGER, 30 * 86_400_000, 7 * 86_400_000, 10_000]],
  ['30 days, or the greatest below', [30 * 86_400_000, 7 * 86_400_000, 10_000]],
] as const)(
  'a node starts with each time at its %s, answers, and sets no timer that Node cannot',
  async (_, values) => {
    const config = Object.fromEntries(TIMES.map((name) => [name, taken(name, values)]))
    expect(Object.values(config)).not.toContain(undefined)
    // A request of a test that has to arrive within 100 ms may not, on a busy machine.
    const { app, port } = await listening({
      ...config,
      requestTimeoutMs: Math.max(10_000, Number(config.requestTimeoutMs)),
    })
    for (let request = 0; request < 2; request++) {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/events`, { method: 'POST', body: event('a', 1) })
      expect(answer.status).toBe(202)
    }
    await app.close()
    expect(warnings).toEqual([])
  },
)

async function listening(config: Record<string, unknown>) {
  const { app } = await start({ config })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, port: new URL(url).port }
}
