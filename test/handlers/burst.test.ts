import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { envelopePartition, HEAD } from '../../cloud/keys'
import { unpack } from '../../cloud/packing'
import { machineTimers } from '../../cloud/timers'
import { envelopeOf, noise, type SampleEvent, samplePipeline } from '../cloud/sample-envelopes'
import { batchOf, burstFunction, eventOf, foldedViews, NOW_MS, RECLAIM_AT_MS, recordOf, sealed } from './burst-setup'

const hanging = { ...samplePipeline(), mapTimeoutMs: 20 }
const sample = samplePipeline()
hanging.map = (event: SampleEvent, context) =>
  event.text === 'hang' ? new Promise<never>(() => {}) : sample.map!(event, context)

const envelope = envelopeOf(4, [
  { k: 'a', t: 1, v: 1 },
  { k: 'a', t: 2, v: 2, text: 'hang' },
  { k: 'a', t: 3, v: -1 },
  { k: 'a', t: 4, v: 4 },
])

describe('an event whose map hangs', () => {
  test('is a dead letter in the head of its envelope, beside one whose map throws; the rest is counted', async () => {
    const { burst, heads } = burstFunction({ timers: machineTimers, pipelines: new Map([[hanging.name, hanging]]) })
    expect(await burst(batchOf(envelope))).toEqual({ batchItemFailures: [] })
    expect((await heads(4)).get(4)).toMatchObject({
      kind: 'done',
      deadLetters: [
        { offset: 4_001, code: 'map_timeout', reason: 'map gave no answer within 20 ms' },
        { offset: 4_002, code: 'map_failed' },
      ],
      panes: [{ folded: [2, expect.any(String)], dead: [2, expect.any(String)] }],
    })
  })

  test('does not hold up the envelopes after it in the batch', async () => {
    const { burst, heads } = burstFunction({ timers: machineTimers, pipelines: new Map([[hanging.name, hanging]]) })
    await burst(batchOf(envelope, envelopeOf(5, [{ k: 'a', t: 1, v: 1 }])))
    expect([...(await heads(4, 5)).keys()]).toEqual([4, 5])
  })
})

const SUCCESS = { batchItemFailures: [] }
const failedAt = (place: number) => ({ batchItemFailures: [{ itemIdentifier: String(place) }] })

const eventsOf = (number: number): SampleEvent[] => [
  { k: 'a', t: 1 + number, v: number },
  { k: `key ${number}`, t: 11, v: 0.1 },
  { k: 'a', t: 3, v: -1 },
]
const envelopes = Array.from({ length: 6 }, (_, number) => envelopeOf(number, eventsOf(number)))
const numbers = envelopes.map(({ number }) => number)
const failing = (heads: ReadonlySet<number>) => (item: { pk: string; sk: string }) => {
  if (item.sk === 'head' && heads.has(Number(item.pk.split('#').at(-1)))) throw new Error('the table is throttled')
  return true
}

describe('a batch of envelopes', () => {
  test('is folded in order, one head each, and reported as a full success', async () => {
    const { burst, items, heads, standing } = burstFunction()
    expect(await burst(batchOf(...envelopes))).toEqual(SUCCESS)
    expect(items.written.map(({ pk }) => pk)).toEqual(numbers.map((n) => `sample#v1#incarnation-1#envelope#${n}`))
    expect([...(await heads(...numbers)).keys()]).toEqual(numbers)
    for (const envelope of envelopes) expect(await standing(envelope.number)).toEqual(await foldedViews(envelope))
  })

  test('says in each head what it took, and which events could not be folded', async () => {
    let nowMs = NOW_MS
    const { burst, items, heads } = burstFunction({ nowMs: () => ++nowMs })
    await burst(batchOf(envelopes[2]!))
    expect((await heads(2)).get(2)).toMatchObject({
      digest: envelopes[2]!.digest,
      deadLetters: [{ offset: 2_002, code: 'map_failed' }],
      work: { requestId: 'request', ms: nowMs - NOW_MS - 4, memoryMb: 1024, writeUnits: items.meter.writeUnits },
    })
  })

  test('says in the first head of an instance how long that took to start', async () => {
    const initMs = [180, 0, 0]
    const { burst, heads } = burstFunction({ takeInitMs: () => initMs.shift() ?? 0 })
    await burst(batchOf(...envelopes.slice(0, 3)))
    const told = [...(await heads(0, 1, 2)).values()].map((head) => head.kind === 'done' && head.work.initMs)
    expect(told).toEqual([180, undefined, undefined])
  })

  test('says in each head how long the envelope waited since the stream took it, and no less than nothing', async () => {
    let nowMs = NOW_MS - 50 // the clock of the function is behind that of the stream at first
    const { burst, heads } = burstFunction({ nowMs: () => nowMs })
    await burst(batchOf(envelopes[0]!))
    nowMs = NOW_MS + 120
    await burst(batchOf(envelopes[1]!))
    const told = [...(await heads(0, 1)).values()].map((head) => head.kind === 'done' && head.work.waitMs)
    expect(told).toEqual([0, 120])
  })

  test('stops at the first one that fails for a passing reason and reports it; those before it stand', async () => {
    const { burst, items, heads, lines } = burstFunction()
    items.onWrite = failing(new Set([2, 4]))
    expect(await burst(batchOf(...envelopes))).toEqual(failedAt(2))
    expect([...(await heads(...numbers)).keys()]).toEqual([0, 1])
    expect(lines).toMatchObject([{ level: 'error', sequenceNumber: '2', error: 'Error: the table is throttled' }])
  })

  test('that is tried again from a failure comes to what it would have come to', async () => {
    const undisturbed = burstFunction()
    await undisturbed.burst(batchOf(...envelopes))
    const { burst, items, standing } = burstFunction()
    items.onWrite = failing(new Set([3]))
    expect(await burst(batchOf(...envelopes))).toEqual(failedAt(3))
    items.onWrite = () => true
    expect(await burst(batchOf(...envelopes.slice(3)))).toEqual(SUCCESS)
    for (const number of numbers) expect(await standing(number)).toEqual(await undisturbed.standing(number))
  })

  test('that is delivered again changes no head, whatever the batches are', async () => {
    const places = fc.array(fc.integer({ min: 0, max: numbers.length - 1 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(fc.array(places, { maxLength: 6 }), async (batches) => {
        const { burst, snapshot } = burstFunction()
        await burst(batchOf(...envelopes))
        const first = snapshot()
        for (const batch of batches) {
          expect(await burst(batchOf(...batch.map((place) => envelopes[place]!)))).toEqual(SUCCESS)
        }
        expect(snapshot()).toEqual(first)
      }),
      { numRuns: 30 },
    )
  })

  test('that is large and delivered again keeps the attempt whose head stands', async () => {
    const events = Array.from({ length: 12 }, (_, key) => ({ k: `key ${key}`, t: 5, text: noise(60_000, key) }))
    const envelope = envelopeOf(9, events)
    const { burst, heads, standing } = burstFunction()
    await burst(batchOf(envelope))
    await burst(batchOf(envelope))
    expect((await heads(9)).get(9)).toMatchObject({ attempt: 'attempt 0' })
    expect(await standing(9)).toEqual(await foldedViews(envelope))
  })

  test('without records is a success', async () => {
    expect(await burstFunction().burst(eventOf())).toEqual(SUCCESS)
  })
})

describe('an envelope that can never be folded is refused by a head of its own, and the shard goes on', () => {
  const good = envelopes[1]!
  const around = (data: Uint8Array) =>
    eventOf(recordOf(sealed(envelopes[0]!), 0), recordOf(data, 7), recordOf(sealed(good), 1))
  const bad = (fixed: object) => ({ ...envelopeOf(7, eventsOf(7), fixed) })
  const corrupt = () => {
    const data = sealed(bad({}))
    data[data.length - 1]! ^= 1
    return data
  }
  const giant = () => sealed(envelopeOf(7, [{ k: 'giant', t: 5, text: noise(300_000, 1) }]))

  test.each([
    ['corrupt lines', corrupt, {}, 'corrupt', 'the lines cannot be unpacked'],
    ['another content than its digest', () => sealed({ ...bad({}), digest: 'd' }), {}, 'corrupt', 'digest'],
    [
      'another version',
      () => sealed(bad({ version: 'v2' })),
      { version: 'v2' },
      'unknown_version',
      'version v1; deploy again',
    ],
    [
      'an unknown pipeline',
      () => sealed(bad({ pipeline: 'no' })),
      { pipeline: 'no' },
      'unknown_pipeline',
      'no pipeline no here',
    ],
    ['a group too large for any item', giant, {}, 'too_large', 'the state of one key takes'],
  ])('%s', async (_, data, from, code, reason) => {
    const { burst, items, heads, lines } = burstFunction()
    expect(await burst(around(data()))).toEqual(SUCCESS)
    expect((await heads(0, 1)).size).toBe(2)
    const origin = { pipeline: 'sample', version: 'v1', incarnation: 'incarnation-1', ...from }
    const head = await refusalOf(items, origin)
    expect(head).toMatchObject({ kind: 'refused', code, reason: expect.stringContaining(reason) })
    expect(lines).toMatchObject([{ level: 'warn', envelope: 7, code }])
    expect(items.written).toHaveLength(3)
  })

  test('its refusal names the digest that the edge knows it by', async () => {
    const { burst, heads } = burstFunction()
    const envelope = { ...bad({}), lines: ['other lines'] }
    await burst(around(sealed(envelope)))
    expect((await heads(7)).get(7)).toMatchObject({ kind: 'refused', digest: envelope.digest })
  })

  test('a refusal that cannot be written is a passing failure', async () => {
    const { burst, items } = burstFunction()
    items.onWrite = failing(new Set([7]))
    expect(await burst(around(corrupt()))).toEqual(failedAt(7))
  })

  test('a refusal does not replace a head that stands', async () => {
    const { burst, heads } = burstFunction()
    await burst(batchOf(bad({}) as never))
    await burst(around(corrupt()))
    expect((await heads(7)).get(7)).toMatchObject({ kind: 'done' })
  })
})

describe('a record that is passed over', () => {
  test.each([
    ['no envelope', Buffer.from('hello')],
    ['nothing', Buffer.alloc(0)],
    ['an envelope with a damaged header', sealed(envelopes[5]!).with(20, 0)],
  ])('%s names nobody, so it is logged and skipped', async (_, data) => {
    const { burst, items, heads, lines } = burstFunction()
    expect(await burst(eventOf(recordOf(data, 5), recordOf(sealed(envelopes[1]!), 1)))).toEqual(SUCCESS)
    expect([...(await heads(...numbers)).keys()]).toEqual([1])
    expect(items.written).toHaveLength(1)
    expect(lines).toMatchObject([{ level: 'error', message: 'a record was skipped', reason: expect.any(String) }])
  })

  test('an envelope that the edge has taken back is an orphan, and left alone', async () => {
    const { burst, items, heads } = burstFunction({ nowMs: () => RECLAIM_AT_MS })
    const later = recordOf(sealed(envelopes[1]!, RECLAIM_AT_MS + 1), 1)
    expect(await burst(eventOf(recordOf(sealed(envelopes[0]!), 0), later))).toEqual(SUCCESS)
    expect([...(await heads(0, 1)).keys()]).toEqual([1])
    expect(items.written).toHaveLength(1)
  })
})

async function refusalOf(
  items: ReturnType<typeof burstFunction>['items'],
  from: Parameters<typeof envelopePartition>[0],
) {
  const [item] = await items.getAll([{ pk: envelopePartition(from, 7), sk: HEAD }])
  return item && unpack(item.body)
}
