import { describe, expect, test } from '@jest/globals'
import { InvokeFailed, type InvokeFailure } from '../../../cloud/functions'
import { eventually } from '../../support/eventually'
import { event, testNodes, testPipeline, VERSION } from '../../support/fixture'
import { MemoryCloud } from '../../support/memory-cloud'

const { start } = testNodes()

type Invoke = MemoryCloud['burstFunction']['invoke']

const failure = (code: InvokeFailure) => new InvokeFailed(code, 'burst', 'by the test')

/** What may happen to a call. `run` is the real handler over the tables in memory. */
const FATES = {
  'as it should be': (run: Invoke, payload: unknown) => run(payload),
  'the answer is lost': async (run: Invoke, payload: unknown) => {
    await run(payload)
    throw failure('unreachable')
  },
  'it is made twice': async (run: Invoke, payload: unknown) => {
    const [answer] = await Promise.all([run(payload), run(payload)])
    return answer
  },
  'it is throttled': async () => {
    throw failure('throttled')
  },
  'it does not arrive': async () => {
    throw failure('unreachable')
  },
  'the function fails before': async () => {
    throw failure('function_error')
  },
  'the function fails after': async (run: Invoke, payload: unknown) => {
    await run(payload)
    throw failure('function_error')
  },
  'the function cannot store it': async () => ({ batchItemFailures: [{ itemIdentifier: 'test' }] }),
} as const
type Fate = keyof typeof FATES

/** Values whose sum depends on the order unless it is exact, and one that dead-letters. */
const VALUES = [0.1, 1e16, -0.3, 7, -1e16, 'poison', 1e-9]
const BATCHES = Array.from({ length: 12 }, (_, batch) =>
  Array.from({ length: 30 }, (_, index) => {
    const place = batch * 30 + index
    return event(`k${place % 5}`, place % 25, VALUES[place % VALUES.length])
  }).join('\n'),
)

/** Sends the batches, each as an envelope of its own where it bursts, and waits for all windows. */
async function run(mode: 'never' | 'always', fates: readonly Fate[] = []) {
  const pipeline = testPipeline({ allowedLateness: '60s' })
  const cloud = new MemoryCloud(pipeline, VERSION)
  const plain = cloud.burstFunction.invoke
  const rest = [...fates]
  cloud.burstFunction.invoke = (payload, { onSent } = {}) => {
    onSent?.(0)
    return FATES[rest.shift() ?? 'as it should be'](plain, payload)
  }
  const node = await start({ pipeline, cloud, config: { mode, transport: 'invoke', maxInvokes: 3 } })
  for (const [sent, batch] of BATCHES.entries()) {
    expect((await node.post(batch)).statusCode).toBe(202)
    await eventually(async () => expect((await node.status()).envelopes).toBeGreaterThan(sent))
  }
  await node.post(event('closer', 200))
  return { ...node, windows: await node.windows(3), rest }
}

describe('bursting by direct calls', () => {
  test('gives the windows that the edge gives alone, and uses no stream', async () => {
    const [alone, burst] = [await run('never'), await run('always')]
    expect(burst.windows.map(contentOf)).toEqual(alone.windows.map(contentOf))
    expect(burst.windows.map(({ edge }) => edge)).toEqual([0, 0, 0])
    expect(burst.cloud.recordsPut).toBe(0)
    const { cloud, burst: status } = await burst.status()
    expect([cloud.kinesisRecords, cloud.kinesisPutUnits]).toEqual([0, 0])
    expect(cloud.lambdaInvocations).toBeGreaterThanOrEqual(BATCHES.length)
    expect(status.episodes[0]?.firstAcceptedAtMs).not.toBeNull()
  })

  test.each(Object.keys(FATES) as Fate[])('is exact when of some calls %s', async (fate) => {
    const fates: readonly Fate[] = [fate, 'as it should be', fate, fate]
    const [alone, burst] = [await run('never'), await run('always', fates)]
    expect(burst.rest.length).toBeLessThan(fates.length) // after a throttle the node may send fewer
    expect(burst.windows.map(contentOf)).toEqual(alone.windows.map(contentOf))
  })
})

const contentOf = ({ start, accepted, deadLettered, rows }: Awaited<ReturnType<typeof run>>['windows'][number]) => ({
  start,
  accepted,
  deadLettered,
  rows,
})

describe('the head of an envelope', () => {
  test('is read as soon as the function has answered, long before the next poll', async () => {
    const node = await start({ config: { mode: 'always', transport: 'invoke', headPollMs: 10_000 } })
    await node.post(event('a', 1))
    await node.post(event('closer', 13))
    expect((await node.windows(1))[0]).toMatchObject({ accepted: 1, burst: 1 })
  })

  test('counts, and no answer: one of a function that did nothing leads to a reclaim at the deadline', async () => {
    const cloud = new MemoryCloud(testPipeline(), VERSION)
    cloud.burstFunction.invoke = async () => ({ batchItemFailures: [] })
    const node = await start({ cloud, config: { mode: 'always', transport: 'invoke', reclaimAfterMs: 1_000 } })
    await node.post(event('a', 1))
    await node.post(event('closer', 13))
    expect((await node.windows(1))[0]).toMatchObject({ accepted: 1, edge: 1, burst: 0 })
  })

  test('may also be missing because the call never ends: then the envelope comes back, and the call is let go', async () => {
    const cloud = new MemoryCloud(testPipeline(), VERSION)
    let letGo = 0
    cloud.burstFunction.invoke = (_, { signal } = {}) =>
      new Promise((_resolve, reject) =>
        signal!.addEventListener('abort', () => {
          letGo += 1
          reject(failure('unreachable'))
        }),
      )
    const config = { mode: 'always', transport: 'invoke', reclaimAfterMs: 1_000, maxInvokes: 1 } as const
    const node = await start({ cloud, config })
    await node.post(event('a', 1))
    await node.post(event('closer', 13))
    expect((await node.windows(1))[0]).toMatchObject({ accepted: 1, edge: 1, burst: 0 })
    await eventually(() => expect(letGo).toBeGreaterThan(0))
  })
})
