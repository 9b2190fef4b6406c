import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { routeOf } from '../../localstack/embedded/gateway'
import { type EmbeddedCloud, startEmbeddedCloud } from '../../localstack/embedded/start'

describe('one port, told apart by protocol', () => {
  test.each([
    ['kinesis', '/', { 'x-amz-target': 'Kinesis_20131202.PutRecords' }],
    ['dynamodb', '/', { 'x-amz-target': 'DynamoDB_20120810.PutItem' }],
    ['sqs', '/', { 'x-amz-target': 'AmazonSQS.SendMessage' }],
    ['unknown', '/', { 'x-amz-target': 'AWSCognito.SignUp' }],
    ['lambda', '/2015-03-31/functions/burst/invocations', {}],
    ['lambda', '/2015-03-31/event-source-mappings/', {}],
    ['lambda_runtime', '/_runtime/1/2018-06-01/runtime/invocation/next', {}],
    ['cloudformation', '/', { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }],
    ['s3', '/bucket', {}],
    ['s3', '/bucket/some/key', {}],
    ['stats', '/_spillway/stats', {}],
    ['unknown', '/', {}],
  ] as const)('%s answers %s %j', (service, path, headers) => {
    expect(routeOf(path, headers)).toBe(service)
  })
})

describe('the gateway', () => {
  let cloud: EmbeddedCloud

  beforeAll(async () => {
    cloud = await startEmbeddedCloud({ port: 0 })
  })
  afterAll(() => cloud.stop())

  test('listens on loopback only', async () => {
    expect(cloud.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const port = Number(new URL(cloud.endpoint).port)
    const outside = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    for (const { address, internal } of outside) {
      if (!internal) await expect(connects(address, port)).resolves.toBe(false)
    }
    await expect(connects('127.0.0.1', port)).resolves.toBe(true)
  })

  test('says what it has to a request for something else', async () => {
    const headers = { 'x-amz-target': 'AWSCognito.SignUp' }
    const answer = await fetch(cloud.endpoint, { method: 'POST', headers, body: '{}' })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      __type: 'UnknownOperationException',
      message: expect.stringContaining('no service for AWSCognito.SignUp'),
    })
  })

  test('tells its figures as JSON', async () => {
    const answer = await fetch(`${cloud.endpoint}/_spillway/stats`)
    expect(await answer.json()).toEqual({ functions: {}, streams: {}, mappings: {} })
  })

  test('refuses a body that no service could take', async () => {
    const body = Buffer.alloc(64 * 1024 * 1024 + 1)
    const answer = await fetch(`${cloud.endpoint}/bucket/key`, { method: 'PUT', body })
    expect(answer.status).toBe(413)
  })

  test('a port that is taken is an error that names it', async () => {
    const port = Number(new URL(cloud.endpoint).port)
    await expect(startEmbeddedCloud({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 })
    const end = (connected: boolean) => {
      socket.destroy()
      resolve(connected)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}
