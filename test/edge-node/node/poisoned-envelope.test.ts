import { describe, expect, test } from '@jest/globals'
import type { StreamRecord } from '../../../cloud/stream'
import { eventually } from '../../support/eventually'
import { event, testNodes, testPipeline, VERSION } from '../../support/fixture'
import { MemoryCloud } from '../../support/memory-cloud'

const { start } = testNodes()

/** A node that bursts everything through a stream on which something happens to the record at one place. */
async function nodeWith(place: number, happens: (record: StreamRecord) => StreamRecord | null, reclaimAfterMs: number) {
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
