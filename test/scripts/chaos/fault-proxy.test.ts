import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { BatchGetItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { Fault } from '../../../scripts/chaos/faults/fault-plan'
import { type FaultProxy, startFaultProxy } from '../../../scripts/chaos/faults/fault-proxy'
import { eventually } from '../../support/eventually'

const HELD: Fault = { kind: 'half-open', holdMs: 60_000 }

/** What reached the cloud behind the proxy. */
let arrived: { readonly path: string; readonly body: string }[]
let upstream: Server
let proxy: FaultProxy
let faults: Fault[]

/** A cloud that takes everything. */
async function serve(request: IncomingMessage): Promise<object> {
  const body = (await buffer(request)).toString()
  arrived.push({ path: request.url ?? '', body })
  if (String(request.headers['x-amz-target']).endsWith('PutRecords')) {
    const { Records } = JSON.parse(body) as { Records: { PartitionKey: string }[] }
    return {
      FailedRecordCount: 0,
      Records: Records.map(({ PartitionKey }) => ({ SequenceNumber: PartitionKey, ShardId: 's' })),
    }
  }
  return { ok: true }
}

beforeEach(async () => {
  arrived = []
  faults = []
  upstream = createServer((request, response) => {
    void serve(request).then((answer) => response.end(JSON.stringify(answer)))
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const { port } = upstream.address() as AddressInfo
  proxy = await startFaultProxy({
    port: 0,
    upstream: `http://127.0.0.1:${port}`,
    faultFor: (n) => faults[n] ?? { kind: 'none' },
  })
})

afterEach(async () => {
  await proxy.close()
  upstream.closeAllConnections()
  upstream.close()
})

const post = (body = 'x') => fetch(`${proxy.endpoint}/a/b?c=d`, { method: 'POST', body })

describe('the fault proxy', () => {
  test('passes a request and its answer on as they are', async () => {
    const answer = await post('hello')
    expect([answer.status, await answer.json()]).toEqual([200, { ok: true }])
    expect(arrived).toEqual([{ path: '/a/b?c=d', body: 'hello' }])
    expect(proxy.counts).toEqual({})
  })

  test('listens on loopback only', () => {
    expect(new URL(proxy.endpoint).hostname).toBe('127.0.0.1')
  })

  test('latency: the request arrives all the same', async () => {
    faults = [{ kind: 'latency', delayMs: 5 }]
    expect((await post()).status).toBe(200)
    expect(arrived).toHaveLength(1)
  })

  test('reset: the connection is lost and nothing arrives', async () => {
    faults = [{ kind: 'reset' }]
    await expect(post()).rejects.toThrow()
    expect(arrived).toEqual([])
  })

  test('lost-response: the connection is lost after the request took effect', async () => {
    faults = [{ kind: 'lost-response' }]
    await expect(post()).rejects.toThrow()
    expect(arrived).toHaveLength(1)
  })

  test('server-error and throttle: answered, and nothing arrives', async () => {
    faults = [{ kind: 'server-error' }, { kind: 'throttle' }]
    expect([(await post()).status, (await post()).status]).toEqual([503, 503])
    expect(arrived).toEqual([])
  })

  test('half-open: taken and not answered; the connection ends when its time is over', async () => {
    faults = [{ kind: 'half-open', holdMs: 20 }]
    const { hostname, port } = new URL(proxy.endpoint)
    const socket = connect(Number(port), hostname)
    let bytes = 0
    socket.on('data', (chunk) => {
      bytes += chunk.length
    })
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await once(socket, 'close')
    expect([bytes, arrived.length]).toEqual([0, 0])
  })

  test('closing ends held connections and frees the port', async () => {
    faults = [HELD]
    const pending = post().then(
      () => 'answered',
      () => 'lost',
    )
    await eventually(() => expect(proxy.counts['half-open']).toBe(1))
    await proxy.close()
    expect(await pending).toBe('lost')
    await expect(post()).rejects.toThrow()
  })

  test('counts what it did, by kind', async () => {
    faults = [{ kind: 'none' }, { kind: 'throttle' }, { kind: 'throttle' }, { kind: 'latency', delayMs: 0 }]
    for (const _ of faults) await post()
    expect(proxy.counts).toEqual({ throttle: 2, latency: 1 })
  })

  test('a cloud that is away is a lost connection', async () => {
    upstream.closeAllConnections()
    upstream.close()
    await expect(post()).rejects.toThrow()
  })
})

describe('what the SDK makes of it', () => {
  const settings = () => ({
    endpoint: proxy.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler(),
  })
  const get = new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } })
  const invoke = new InvokeCommand({ FunctionName: 'f' })
  const put = (keys: readonly string[]) =>
    new PutRecordsCommand({
      StreamName: 's',
      Records: keys.map((PartitionKey) => ({ PartitionKey, Data: Buffer.from(PartitionKey) })),
    })

  async function dynamo<T>(work: (client: DynamoDBClient) => Promise<T>): Promise<T> {
    const client = new DynamoDBClient(settings())
    return work(client).finally(() => client.destroy())
  }
  async function kinesis<T>(work: (client: KinesisClient) => Promise<T>): Promise<T> {
    const client = new KinesisClient(settings())
    return work(client).finally(() => client.destroy())
  }
  async function lambda<T>(work: (client: LambdaClient) => Promise<T>): Promise<T> {
    const client = new LambdaClient(settings())
    return work(client).finally(() => client.destroy())
  }

  test('a throttled call is the throttling error of its service', async () => {
    faults = [{ kind: 'throttle' }, { kind: 'throttle' }, { kind: 'throttle' }]
    const throttled = { name: 'ProvisionedThroughputExceededException' }
    await expect(dynamo((client) => client.send(get))).rejects.toMatchObject(throttled)
    await expect(kinesis((client) => client.send(put(['a'])))).rejects.toMatchObject(throttled)
    await expect(lambda((client) => client.send(invoke))).rejects.toMatchObject({ name: 'TooManyRequestsException' })
  })

  test('a server error is one of its service, with status 500', async () => {
    faults = [{ kind: 'server-error' }, { kind: 'server-error' }, { kind: 'server-error' }]
    const $metadata = { httpStatusCode: 500 }
    await expect(dynamo((client) => client.send(get))).rejects.toMatchObject({ name: 'InternalServerError', $metadata })
    await expect(kinesis((client) => client.send(put(['a'])))).rejects.toMatchObject({ $metadata })
    await expect(lambda((client) => client.send(invoke))).rejects.toMatchObject({ name: 'ServiceException', $metadata })
  })

  test('a partial failure of PutRecords: what failed did not arrive, what has a sequence number did', async () => {
    faults = [{ kind: 'partial', pick: 0.4 }]
    const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`)
    const answer = await kinesis((client) => client.send(put(keys)))
    const taken = keys.filter((_, index) => answer.Records?.[index]?.SequenceNumber !== undefined)
    expect(taken.map((key) => answer.Records?.[keys.indexOf(key)]?.SequenceNumber)).toEqual(taken)
    const { Records } = JSON.parse(arrived[0]!.body) as { Records: { PartitionKey: string }[] }
    expect(Records.map(({ PartitionKey }) => PartitionKey)).toEqual(taken)
    expect(answer.FailedRecordCount).toBe(keys.length - taken.length)
    expect(taken.length).toBeGreaterThan(0)
    expect(taken.length).toBeLessThan(keys.length)
  })

  test('a partial failure of BatchGetItem leaves its keys unprocessed', async () => {
    faults = [{ kind: 'partial', pick: 0 }]
    const RequestItems = { t: { Keys: [{ pk: { S: 'a' } }] } }
    const answer = await dynamo((client) => client.send(new BatchGetItemCommand({ RequestItems })))
    expect(answer.UnprocessedKeys).toEqual(RequestItems)
    expect(arrived).toEqual([])
  })

  test('a call that is no batch cannot fail in part: it is throttled', async () => {
    faults = [{ kind: 'partial', pick: 0 }]
    await expect(dynamo((client) => client.send(get))).rejects.toMatchObject({
      name: 'ProvisionedThroughputExceededException',
    })
  })
})
