import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { type Config, configSchema, SETTINGS, type SettingName } from '../../../edge-node/config/config'
import { startEdge } from '../../../edge-node/edge-node'
import { createLogger } from '../../../edge-node/observe/logger'
import { type EmbeddedCloud, startEmbeddedCloud } from '../../../localstack/embedded/start'
import { provision } from '../../../localstack/provision'
import { versionOf } from '../../../program/version.cjs'
import { eventually } from '../../support/eventually'
import { event, T0, testNodes } from '../../support/fixture'
import { inspectionStack } from '../../support/inspection-stack'

const { start, newFolder } = testNodes()
const warnings: string[] = []
const hear = (warning: Error) => void warnings.push(warning.name)

beforeEach(() => {
  warnings.length = 0
  process.on('warning', hear)
})
afterEach(() => {
  process.off('warning', hear)
  expect(warnings).toEqual([]) // such as a timer that Node cannot set
})

type Value = number | string | boolean
interface Setting {
  readonly name: SettingName
  readonly least?: number
  readonly greatest?: number
  /** All that it takes, where they can be counted. */
  readonly choices?: readonly Value[]
}

const isTaken = (name: SettingName, value: Value) => configSchema.safeParse({ [name]: value }).success

/** What the schema says of each setting; texts have neither bounds nor choices. */
function settings(): Setting[] {
  const { properties = {} } = z.toJSONSchema(configSchema, { unrepresentable: 'any' })
  return SETTINGS.map((name) => {
    const said = properties[name] as { type?: string; minimum?: number; maximum?: number; enum?: Value[] }
    if (said.type === 'boolean') return { name, choices: [false, true] }
    if (said.enum !== undefined) return { name, choices: said.enum }
    if (said.type !== 'number' && said.type !== 'integer') return { name }
    return { name, least: said.minimum!, greatest: said.maximum ?? Number.MAX_VALUE }
  })
}

/** The values at which a number may go wrong: its least, its greatest, and where 0 is special its least besides. */
function edgesOf({ name, least, greatest }: Setting): number[] {
  if (least === undefined || greatest === undefined) return []
  const besides = least > 0 ? [] : [0.001, 1, 10_000].filter((value) => isTaken(name, value)).slice(0, 1)
  return [least, ...besides, greatest]
}

const ALL = settings()
/** Of the start and of the cloud, or of requests from elsewhere: the nodes of the first test do not read them. */
const OF_A_WHOLE_NODE: readonly SettingName[] = [
  ...(['port', 'reservedDiskBytes', 'retentionHours', 'retentionBytes', 'maxConnections', 'machines'] as const),
  ...(['keepWarmEveryMs', 'scaleCloud', 'maxShards', 'maxParallelization', 'traceShare', 'insecureNoAuth'] as const),
  ...(['policy', 'logLevel', 'maxRequestsPerSecond', 'maxEventRequestsPerSecond'] as const),
]
const ONE_BY_ONE = ALL.filter(({ name }) => !OF_A_WHOLE_NODE.includes(name)).flatMap((setting) =>
  [...edgesOf(setting), ...(setting.choices ?? [])].map((value) => ({ name: setting.name, value })),
)
const AT_ONCE = 12
const PATIENCE_MS = 15_000 // heads are looked for every 10 s at most

const chunked = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / AT_ONCE) }, (_, index) =>
    all.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
  )
/** Settings that go along with one at its bound, since they would contradict it. */
const along = (name: SettingName): Partial<Config> => {
  if (name === 'headersTimeoutMs') return { requestTimeoutMs: Number.MAX_SAFE_INTEGER }
  if (name === 'requestTimeoutMs') return { headersTimeoutMs: 100 }
  return {}
}

/** A node with one setting at its bound takes an event, and its window becomes final with it. */
async function works({ name, value }: { name: SettingName; value: Value }): Promise<void> {
  const says = (what: string, problem: unknown) => new Error(`${name} = ${value}: ${what}: ${problem}`)
  try {
    const node = await start({ config: { mode: 'always', ...along(name), [name]: value } })
    const { statusCode, body } = await node.post(event('a', 1))
    if (statusCode !== 202) throw says('the first event', body)
    // Where one pane may be open, the event that would close it finds no room: time does.
    if (name === 'maxOpenPanes' && value === 1) return
    await eventually(async () => {
      await node.post(event('closer', 14))
      const { windows } = (await node.app.inject('/v1/windows')).json()
      if (windows[0]?.accepted !== 1) throw says('the window', JSON.stringify(await node.status()))
    }, PATIENCE_MS)
  } catch (error) {
    throw says('the node', error)
  }
}

describe('a node with one setting at the edge of what it takes', () => {
  test.each(chunked(ONE_BY_ONE).map((some) => [some.map(({ name, value }) => `${name} ${value}`).join(', '), some]))(
    'finishes a window, at rest does nothing: %s',
    async (_, some) => {
      await Promise.all((some as typeof ONE_BY_ONE).map(works))
      // A busy machine may take the thread away for a while; a timer that fires without pause does so for good.
      await eventually(async () => {
        const before = performance.eventLoopUtilization()
        await new Promise((resolve) => setTimeout(resolve, 200))
        expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.9)
      })
    },
    40_000,
  )
})

describe('a whole node', () => {
  const environment = { ...process.env }
  let cloud: EmbeddedCloud

  beforeAll(async () => {
    cloud = await startEmbeddedCloud({ port: 0, onFunctionLog: () => {} })
    const variables = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
    Object.assign(process.env, { AWS_ENDPOINT_URL: cloud.endpoint, ...variables })
    await provision(cloud.endpoint, inspectionStack({ version: versionOf('pipelines/bids.ts') }))
  }, 60_000)
  afterAll(async () => {
    process.env = environment
    await cloud?.stop()
  }, 30_000)

  const bid = (seconds: number) => JSON.stringify({ auction: 1, bidder: 7, price: 3, dateTime: T0 + seconds * 1_000 })

  /** Starts it with the embedded cloud, whose functions do nothing: what bursts comes back, and the window is final. */
  async function finishes(config: Partial<Config>): Promise<{ readonly final: boolean; readonly status: number }> {
    const own = { stack: 'spillway-test', dataDir: await newFolder(), port: 0, reclaimAfterMs: 1_000 }
    const edge = await startEdge(
      configSchema.parse({ ...own, ...config }),
      createLogger(config.logLevel ?? 'silent', { write: () => undefined }),
    )
    try {
      const ask = (path: string, init: RequestInit = {}) =>
        fetch(`${edge.url}${path}`, { ...init, headers: { connection: 'close' } })
      const { status } = await ask('/v1/events', { method: 'POST', body: bid(1) })
      if (status !== 202) return { final: false, status }
      await ask('/v1/events', { method: 'POST', body: bid(20) })
      await eventually(async () => {
        const found = (await (await ask('/v1/status')).json()) as { windows: { final: number } }
        if (found.windows.final !== 1) throw new Error(JSON.stringify([config, found]))
      }, PATIENCE_MS)
      return { final: true, status }
    } finally {
      await edge.stop()
    }
  }

  const numbers = ALL.filter(({ name, least }) => OF_A_WHOLE_NODE.includes(name) && least !== undefined)
  const at = (which: 'least' | 'besides' | 'greatest', ...except: SettingName[]) =>
    Object.fromEntries(
      numbers
        .filter(({ name }) => !except.includes(name))
        .map((setting) => {
          const edges = edgesOf(setting)
          return [setting.name, which === 'least' ? edges[0] : which === 'besides' ? edges.at(-2) : edges.at(-1)]
        }),
    )

  test('finishes a window with all that belongs to it at its least, and at its greatest', async () => {
    const scaling = { scaleCloud: 'on', mode: 'always' } as const
    const done = { final: true, status: 202 }
    expect(await finishes({ ...scaling, ...at('least') })).toEqual(done)
    expect(await finishes({ ...scaling, ...at('besides', 'port', 'reservedDiskBytes') })).toEqual(done)
    expect(await finishes({ ...scaling, ...at('greatest', 'reservedDiskBytes') })).toEqual(done)
  }, 60_000)

  test('that is to keep more of the disk free than there is says so, and accepts nothing', async () => {
    expect(await finishes({ reservedDiskBytes: Number.MAX_SAFE_INTEGER })).toEqual({ final: false, status: 503 })
  }, 30_000)

  const choices = ALL.flatMap(({ name, choices = [] }) => (choices.length === 0 ? [] : [[name, choices] as const]))
  const most = Math.max(...choices.map(([, { length }]) => length))
  test('finishes a window with each value of each choice', async () => {
    const turns = Array.from({ length: most }, (_, turn) =>
      Object.fromEntries(choices.map(([name, values]) => [name, values[turn % values.length]])),
    )
    const ended = await Promise.all(turns.map(finishes))
    expect(ended).toEqual(turns.map(() => ({ final: true, status: 202 })))
  }, 60_000)
})

test('more than these are refused, since they would not work', () => {
  const refused: [SettingName, number][] = [
    ['keepWarmEveryMs', 1],
    ['headPollMs', 10_001],
    ['reclaimAfterMs', 30 * 86_400_000 + 1],
    ['checkpointEveryMs', 30 * 86_400_000 + 1],
    ['rememberKeysMs', 7 * 24 * 3_600_000 + 1],
    ['maxBacklogBytes', 2 ** 30 + 1],
  ]
  for (const [name, value] of refused) expect([name, value, isTaken(name, value)]).toEqual([name, value, false])
})
