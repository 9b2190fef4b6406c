import { CreateStreamCommand, GetRecordsCommand, GetShardIteratorCommand, KinesisClient } from '@aws-sdk/client-kinesis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { kinesisClient } from '../../cloud/clients'
import { KinesisStream } from '../../cloud/stream'
import { type Gateway, listen } from '../../localstack/embedded/gateway'
import { kinesisService } from '../../localstack/embedded/kinesis/kinesis-service'
import { KinesisStore } from '../../localstack/embedded/kinesis/kinesis-store'
import { jsonError, type WireService } from '../../localstack/embedded/wire'
import { instantSleeps, ScriptedClient } from './scripted-client'

describe('with a client that answers as told', () => {
  let delaysMs: number[]
  beforeEach(() => {
    delaysMs = instantSleeps()
  })
  afterEach(() => {
    jest.restoreAllMocks()
  })

  const records = ['a', 'b', 'c', 'd'].map((partitionKey, byte) => ({ partitionKey, data: new Uint8Array([byte]) }))
  const entries = (...indexes: number[]) =>
    indexes.map((index) => ({ PartitionKey: records[index]!.partitionKey, Data: records[index]!.data }))
  /** An answer that takes `+`, throttles `t` and fails `f`, entry by entry. */
  const answer = (outcomes: string) => ({
    Records: [...outcomes].map((outcome) => {
      if (outcome === '+') return { SequenceNumber: '1', ShardId: 'shard' }
      return { ErrorCode: outcome === 't' ? 'ProvisionedThroughputExceededException' : 'InternalFailure' }
    }),
  })
  const lost = Object.assign(new Error('socket hang up'), { name: 'TimeoutError' })

  async function put(client: ScriptedClient) {
    const accepted: number[] = []
    const stream = new KinesisStream(client.as<KinesisClient>(), 'overflow')
    const report = await stream.put(records, (index) => accepted.push(index))
    return { report, accepted, sent: client.inputs.map(({ Records }) => Records) }
  }

  describe('a put of records', () => {
    test('that are all taken is one call', async () => {
      const client = new ScriptedClient(answer('++++'))
      expect(await put(client)).toEqual({
        report: { failed: [], throttled: 0, isOutage: false, cpuMs: 0 },
        accepted: [0, 1, 2, 3],
        sent: [entries(0, 1, 2, 3)],
      })
      expect(client.inputs[0]).toHaveProperty('StreamName', 'overflow')
      expect(delaysMs).toEqual([])
    })

    test('sends those that failed inside a success again, alone and as they were', async () => {
      const { report, accepted, sent } = await put(new ScriptedClient(answer('+t+f'), answer('t+'), answer('+')))
      expect(sent).toEqual([entries(0, 1, 2, 3), entries(1, 3), entries(1)])
      expect(accepted).toEqual([0, 2, 3, 1])
      expect(report.failed).toEqual([])
      expect(delaysMs).toHaveLength(2)
    })

    test('counts the entries that came back throttled, and no other failure', async () => {
      const { report } = await put(new ScriptedClient(answer('tttf'), answer('tff+'), answer('+++')))
      expect(report).toEqual({ failed: [], throttled: 4, isOutage: false, cpuMs: 0 })
    })

    test('that is refused is not made again: it would be refused again', async () => {
      const refused = Object.assign(new Error('no'), {
        name: 'AccessDeniedException',
        $metadata: { httpStatusCode: 400 },
      })
      const { report, accepted, sent } = await put(new ScriptedClient(refused, answer('++++')))
      expect(report).toMatchObject({ failed: [0, 1, 2, 3], isOutage: true })
      expect([accepted, sent.length, delaysMs.length]).toEqual([[], 1, 0])
    })

    test('over a lost connection is made again as a whole: whether it arrived cannot be known', async () => {
      const { report, accepted, sent } = await put(new ScriptedClient(lost, answer('+f++'), lost, answer('+')))
      expect(sent).toEqual([entries(0, 1, 2, 3), entries(0, 1, 2, 3), entries(1), entries(1)])
      expect(accepted).toEqual([0, 2, 3, 1])
      expect(report).toEqual({ failed: [], throttled: 0, isOutage: false, cpuMs: 0 })
    })

    test('that is throttled as a whole counts each of its entries', async () => {
      const throttled = Object.assign(new Error('slow'), { name: 'ProvisionedThroughputExceededException' })
      const { report } = await put(new ScriptedClient(throttled, answer('++++')))
      expect(report).toEqual({ failed: [], throttled: 4, isOutage: false, cpuMs: 0 })
    })

    test('ends after eight tries with a report of what was not taken, and never rejects', async () => {
      const { report, accepted, sent } = await put(new ScriptedClient(answer('+t+f'), answer('tf')))
      expect(sent).toHaveLength(8)
      expect(accepted).toEqual([0, 2])
      expect(report).toEqual({ failed: [1, 3], throttled: 8, isOutage: true, cpuMs: 0 })
    })

    test('is an outage when it ends for another reason than throttling', async () => {
      const lostReport = { failed: [0, 1, 2, 3], throttled: 0, isOutage: true, cpuMs: 0 }
      expect((await put(new ScriptedClient(lost))).report).toEqual(lostReport)
      const slowReport = { failed: [0, 1, 2, 3], throttled: 28, isOutage: false, cpuMs: 0 }
      expect((await put(new ScriptedClient(lost, answer('tttt')))).report).toEqual(slowReport)
    })

    test('takes a record as accepted only when the answer says so', async () => {
      const { accepted, sent } = await put(
        new ScriptedClient({}, { Records: [{ SequenceNumber: '1' }] }, answer('+++')),
      )
      expect(sent).toEqual([entries(0, 1, 2, 3), entries(0, 1, 2, 3), entries(1, 2, 3)])
      expect(accepted).toEqual([0, 1, 2, 3])
    })

    test('whose listener fails is not made again: that is a bug, and records would be accepted twice', async () => {
      const client = new ScriptedClient(answer('++++'))
      const stream = new KinesisStream(client.as<KinesisClient>(), 'overflow')
      const heard: number[] = []
      const call = stream.put(records, (index) => {
        heard.push(index)
        if (index === 1) throw new Error('a bug')
      })
      await expect(call).rejects.toThrow('a bug')
      expect(heard).toEqual([0, 1])
      expect(client.inputs).toHaveLength(1)
    })
  })

  describe('the time of the thread', () => {
    /**
     * A stream whose clock moves when it is read and while a request is under way, and whose credentials come late, once.
     */
    function timedStream() {
      let nowMs = 0
      const handle = async () => {
        nowMs += 1_000
        await new Promise(setImmediate)
        throw lost
      }
      const credentials = async () => {
        await new Promise(setImmediate)
        return { accessKeyId: 'local', secretAccessKey: 'local' }
      }
      const client = new KinesisClient({ region: 'local', maxAttempts: 1, credentials, requestHandler: { handle } })
      return new KinesisStream(client, 'overflow', () => nowMs++)
    }

    test('is what making and signing the calls takes, without the wait for credentials and for answers', async () => {
      const stream = timedStream()
      const first = await stream.put(records, () => undefined)
      const second = await stream.put(records, () => undefined)
      expect([first, second].map(({ cpuMs, isOutage }) => [cpuMs, isOutage])).toEqual([
        [7, true],
        [8, true],
      ])
    })
  })
})

describe('with the limits of the embedded Kinesis', () => {
  const KIB = 1024
  const absent: WireService = async () => jsonError(400, 'UnknownOperationException', 'there is only Kinesis here')

  /** Shards take 1 MiB a second; a second here is four calls, however fast they are made. */
  describe('a stream that throttles', () => {
    const environment = { ...process.env }
    let gateway: Gateway
    let client: KinesisClient
    let calls = 0

    beforeAll(async () => {
      const kinesis = kinesisService(new KinesisStore(), () => 1_700_000_000_000 + 250 * calls++)
      const others = { dynamodb: absent, sqs: absent, s3: absent, lambda: absent, lambda_runtime: absent }
      gateway = await listen({ kinesis, ...others, cloudformation: absent, stats: absent }, 0)
      const local = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' }
      Object.assign(process.env, local, { AWS_ENDPOINT_URL: gateway.endpoint })
      client = kinesisClient(process.env)
      await client.send(new CreateStreamCommand({ StreamName: 'overflow', ShardCount: 1 }))
    })
    beforeEach(() => {
      instantSleeps()
    })
    afterEach(() => {
      jest.restoreAllMocks()
    })
    afterAll(async () => {
      client.destroy()
      await gateway.close()
      for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name]
      Object.assign(process.env, environment)
    })

    async function standing() {
      const StreamName = 'overflow'
      const { ShardIterator } = await client.send(
        new GetShardIteratorCommand({ StreamName, ShardId: 'shardId-000000000000', ShardIteratorType: 'TRIM_HORIZON' }),
      )
      const { Records = [] } = await client.send(new GetRecordsCommand({ ShardIterator }))
      return Records.map(({ PartitionKey, Data }) => [PartitionKey, Buffer.from(Data!)[0]])
    }

    test('gets every record once in the end, and the report says how many were put off', async () => {
      const records = Array.from({ length: 20 }, (_, index) => ({
        partitionKey: `key ${index}`,
        data: new Uint8Array(100 * KIB).fill(index),
      }))
      const accepted: number[] = []
      const report = await new KinesisStream(client, 'overflow').put(records, (index) => accepted.push(index))
      expect(report.failed).toEqual([])
      expect(report.throttled).toBeGreaterThanOrEqual(10)
      const all = Array.from({ length: 20 }, (_, index) => index)
      expect([...accepted].sort((a, b) => a - b)).toEqual(all)
      expect(await standing()).toEqual(accepted.map((index) => [`key ${index}`, index]))
    })

    test('that is not there takes nothing, and the report says so', async () => {
      const records = [{ partitionKey: 'k', data: new Uint8Array(1) }]
      const report = await new KinesisStream(client, 'elsewhere').put(records, () => {
        throw new Error('nothing was accepted')
      })
      expect(report).toMatchObject({ failed: [0], throttled: 0, isOutage: true })
    })
  })
})
