import { describe, expect, test } from '@jest/globals'
import type { StreamRecord } from '../../../cloud/stream'
import { eventually, Gate } from '../../support/eventually'
import { event, type NodeOptions, type TestEvent, testNodes, testPipeline, VERSION } from '../../support/fixture'
import { MemoryCloud } from '../../support/memory-cloud'

const { start } = testNodes()

/** A node whose `map` waits at a gate; the first envelope is at work there, and others wait behind it. */
async function waitingNode(config: NodeOptions['config'] = {}) {
  const gate = new Gate()
  const mapped: string[] = []
  const map = async (each: TestEvent) => {
    mapped.push(each.k)
    await gate.pass()
    return each
  }
  const node = await start({ pipeline: testPipeline({ map }), config: { workers: 1, ...config } })
  const takeOut = async (body: unknown) => {
    const answer = await node.app.inject({ method: 'POST', url: '/v1/dead-letters', payload: JSON.stringify(body) })
    return { status: answer.statusCode, body: answer.json() }
  }
  const letters = async () => (await node.app.inject('/v1/dead-letters')).json().deadLetters
  return { ...node, gate, mapped, takeOut, letters }
}

describe('an event that somebody takes out', () => {
  test('while its envelope waits is a dead letter with the reason, and map never sees it', async () => {
    const { post, gate, mapped, takeOut, letters, windows } = await waitingNode()
    await post(event('first', 1))
    await eventually(() => expect(gate.waiting).toBe(1))
    await post([event('a', 2), event('b', 3)].join('\n'))
    await eventually(async () => expect((await takeOut({ offset: 2, reason: 'loops' })).status).toBe(200))
    gate.open()
    await post(event('closer', 20))
    expect((await windows(1))[0]).toMatchObject({ accepted: 3, edge: 2, deadLettered: 1 })
    expect(mapped).toEqual(['first', 'a', 'closer'])
    expect(await letters()).toMatchObject([{ offset: 2, code: 'by_hand', reason: 'loops', line: event('b', 3) }])
  })

  test('while its envelope is at work does not count either, and the others count once', async () => {
    const { post, gate, takeOut, windows, status } = await waitingNode()
    await post([event('a', 1), event('b', 2)].join('\n'))
    await eventually(() => expect(gate.waiting).toBe(2))
    expect(await takeOut({ offset: 0 })).toMatchObject({ status: 200, body: { offset: 0, code: 'by_hand' } })
    gate.open()
    await post(event('closer', 20))
    const [window] = await windows(1)
    expect(window).toMatchObject({ accepted: 2, edge: 1, deadLettered: 1, rows: [{ key: 'b', n: 1 }] })
    expect((await status()).events.deadLettered).toBe(1)
  })

  test('twice is one dead letter', async () => {
    const { post, gate, takeOut, letters } = await waitingNode()
    await post(event('a', 1))
    await eventually(() => expect(gate.waiting).toBe(1))
    await takeOut({ offset: 0 })
    expect((await takeOut({ offset: 0 })).status).toBe(200)
    expect(await letters()).toHaveLength(1)
    gate.open()
  })

  test('never goes to the cloud with its envelope any more', async () => {
    const { post, gate, takeOut, windows, app } = await waitingNode()
    await post(event('first', 1))
    await eventually(() => expect(gate.waiting).toBe(1))
    await post([event('a', 2), event('b', 3)].join('\n'))
    await eventually(async () => expect((await takeOut({ offset: 1 })).status).toBe(200))
    await app.inject({ method: 'POST', url: '/v1/burst', payload: '{"mode": "always"}' })
    await eventually(async () => expect((await takeOut({ offset: 1 })).status).toBe(200))
    gate.open()
    await post(event('closer', 20))
    expect((await windows(1))[0]).toMatchObject({ accepted: 3, edge: 2, burst: 0, deadLettered: 1 })
  })

  test('has to wait to be folded: one that is counted, or that nobody sent, is refused', async () => {
    const { post, gate, takeOut, status } = await waitingNode()
    gate.open()
    await post(event('a', 1))
    await eventually(async () => expect((await status()).events.edge).toBe(1))
    expect(await takeOut({ offset: 0 })).toMatchObject({ status: 409, body: { code: 'event_counted' } })
    expect(await takeOut({ offset: 99 })).toMatchObject({ status: 404, body: { code: 'unknown_event' } })
    expect(await takeOut({ offset: -1 })).toMatchObject({ status: 400, body: { code: 'invalid_dead_letter' } })
  })

  test('is refused while it is in the cloud, where nobody could be told', async () => {
    const { post, gate, cloud, takeOut, status } = await waitingNode({ mode: 'always' })
    cloud.stream.put = async (batch, onAccepted) => {
      for (const index of batch.keys()) onAccepted(index) // taken, and not finished
      return { failed: [], throttled: 0, isOutage: false, cpuMs: 0 }
    }
    await post(event('a', 1))
    await eventually(async () => expect((await status()).burst.inFlightEnvelopes).toBe(1))
    expect(await takeOut({ offset: 0 })).toMatchObject({ status: 409, body: { code: 'event_away', retryable: true } })
    gate.open()
  })
})

describe('poison', () => {
  const { start } = testNodes()

  /** A node that bursts everything through a stream on which something happens to the record at one place. */
  async function nodeWith(
    place: number,
    happens: (record: StreamRecord) => StreamRecord | null,
    reclaimAfterMs: number,
  ) {
    const pipeline = testPipeline()
    const cloud = new MemoryCloud(pipeline, VERSION)
    const { put } = cloud.stream
    let records = 0
    cloud.stream.put = (batch, onAccepted) => {
      const changed = batch.map((record) => (records++ === place ? happens(record) : record))
      const kept = changed.filter((record) => record !== null)
      for (const [index, record] of changed.entries()) if (record === null) onAccepted(index) // taken, and never finished
      return put(kept, (index) => onAccepted(changed.indexOf(kept[index]!)))
    }
    const node = await start({ pipeline, cloud, config: { mode: 'always', reclaimAfterMs } })
    for (let number = 0; number < 5; number++) {
      await node.post(event('a', number, number))
      await eventually(() => expect(records).toBe(number + 1)) // so that each is an envelope of its own
    }
    await node.post(event('closer', 13))
    return node
  }

  const EXACT = { accepted: 5, edge: 1, burst: 4, deadLettered: 0, rows: [{ key: 'a', n: 5, total: 10 }] }
  const damaged = (record: StreamRecord, at: number): StreamRecord => {
    const data = Buffer.from(record.data)
    data.writeUInt8(data.readUInt8(at < 0 ? data.length + at : at) ^ 0xff, at < 0 ? data.length + at : at)
    return { ...record, data }
  }

  describe('an envelope that no function can process', () => {
    test('is refused when its lines are corrupt; the edge folds it at once, and the others stay in the cloud', async () => {
      const { windows, cloud, status } = await nodeWith(2, (record) => damaged(record, -3), 600_000)
      expect((await windows(1))[0]).toMatchObject(EXACT)
      const { incarnation } = await status()
      const heads = await cloud.partials.heads({ pipeline: 'test', version: VERSION, incarnation }, [1, 2, 3])
      expect([...heads.values()].map(({ kind }) => kind)).toEqual(['done', 'refused', 'done'])
      expect(heads.get(2)).toMatchObject({ code: 'corrupt' })
    })

    test('is passed over when not even its header can be read; the edge folds it at its deadline', async () => {
      const { windows } = await nodeWith(2, (record) => damaged(record, 12), 1_000)
      expect((await windows(1))[0]).toMatchObject(EXACT)
    })

    test('and is given up by the mapping comes back at its deadline as well', async () => {
      const { windows } = await nodeWith(2, () => null, 1_000)
      expect((await windows(1))[0]).toMatchObject(EXACT)
    })
  })
})
