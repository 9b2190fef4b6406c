import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Status } from '../../edge-node/http/status'
import type { WindowPage } from '../../edge-node/results/results'
import { type EmbeddedCloud, startEmbeddedCloud } from '../../localstack/embedded/start'
import { provision } from '../../localstack/provision'
import { versionOf } from '../../program/version.cjs'
import { type Child, startChild } from '../../scripts/processes/child'
import { poisonStack } from './poison-stack'

const T0 = Date.UTC(2023, 0, 1)
const BURST_TIMEOUT_S = 2
const RECLAIM_AFTER_MS = 20_000 // longer than all retries of both poisoned envelopes together
const BIDS_PER_ENVELOPE = 3

const LOCAL_ENV = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }

/**
 * Real processes: an edge node, and functions that one envelope crashes and one keeps busy until their timeout, on a
 * stream of one lane.
 */
describe('envelopes that end the process of the function', () => {
  let folder: string
  let cloud: EmbeddedCloud
  let edge: Child
  let url: string
  let window: WindowPage['windows'][number]
  let notices: Notice[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spillway-poison-'))
    cloud = await startEmbeddedCloud({ port: 0, pollIntervalMs: 50, onFunctionLog: () => {} })
    await provision(cloud.endpoint, poisonStack(`bids:${versionOf('pipelines/bids.ts')}`, BURST_TIMEOUT_S))
    const settings = {
      stack: 'spillway-test',
      mode: 'always',
      'burst-linger-ms': 1,
      'reclaim-after-ms': RECLAIM_AFTER_MS,
    }
    const flags = Object.entries({ ...settings, port: 0, 'data-dir': folder, 'log-level': 'silent' })
    const args = flags.flatMap(([name, value]) => [`--${name}`, String(value)])
    edge = startChild('edge-node/main.ts', args, { ...LOCAL_ENV, AWS_ENDPOINT_URL: cloud.endpoint })
    url = (await edge.ready<{ url: string }>()).url
    for (const [number, poison] of [null, 'crash', null, 'loop', null].entries()) await sendEnvelope(number, poison)
    await post([bid(60_000)])
    notices = [await nextNotice(), await nextNotice()]
    window = await finalWindow()
  }, 90_000)

  afterAll(async () => {
    await edge?.stop()
    await cloud?.stop()
    await rm(folder, { recursive: true, force: true })
  }, 30_000)

  const bid = (afterT0Ms: number, more = {}) =>
    JSON.stringify({ auction: 1, bidder: 1, price: 2, dateTime: T0 + afterT0Ms, ...more })
  const get = async <T>(path: string) => (await (await fetch(url + path)).json()) as T
  const post = async (lines: readonly string[]) => {
    const { status } = await fetch(`${url}/v1/events`, { method: 'POST', body: lines.join('\n') })
    expect(status).toBe(202)
  }

  /** Sends a few bids and waits until they are an envelope. */
  async function sendEnvelope(number: number, poison: string | null): Promise<void> {
    const lines = Array.from({ length: BIDS_PER_ENVELOPE }, (_, index) => bid(number * 100 + index))
    await post(poison === null ? lines : [...lines.slice(1), bid(number * 100, { poison })])
    while ((await get<Status>('/v1/status')).envelopes <= number) await sleep(5)
  }

  async function finalWindow() {
    for (;;) {
      const { windows } = await get<WindowPage>(`/v1/windows?to=${T0 + 10_000}`)
      if (windows[0] !== undefined) return windows[0]
      await sleep(100)
    }
  }

  interface Notice {
    readonly requestContext: { readonly condition: string; readonly approximateInvokeCount: number }
    readonly responseContext: { readonly functionError: string | null }
    readonly KinesisBatchInfo: {
      readonly batchSize: number
      readonly startSequenceNumber: string
      readonly endSequenceNumber: string
    }
  }

  async function nextNotice(): Promise<Notice> {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const sqs = new SQSClient({ endpoint: cloud.endpoint, region: 'us-east-1', credentials })
    const QueueUrl = `${cloud.endpoint}/000000000000/failures`
    try {
      for (;;) {
        const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 600 }))
        if (Messages?.[0]?.Body !== undefined) return JSON.parse(Messages[0].Body)
        await sleep(100)
      }
    } finally {
      sqs.destroy()
    }
  }

  test('are retried, cut out of their batch and given up, each with a notice in the on-failure queue', () => {
    for (const { requestContext, responseContext, KinesisBatchInfo } of notices) {
      expect(requestContext).toMatchObject({ condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 })
      expect(responseContext.functionError).toBe('Unhandled')
      expect(KinesisBatchInfo.batchSize).toBe(1)
      expect(KinesisBatchInfo.startSequenceNumber).toBe(KinesisBatchInfo.endSequenceNumber)
    }
    expect(notices[0]!.KinesisBatchInfo.startSequenceNumber).not.toBe(notices[1]!.KinesisBatchInfo.startSequenceNumber)
  })

  test('come back to the edge, and the others of their shard are finished in the cloud', () => {
    const [poisoned, sound] = [2 * BIDS_PER_ENVELOPE, 3 * BIDS_PER_ENVELOPE]
    expect(window).toMatchObject({ accepted: poisoned + sound, edge: poisoned, burst: sound, deadLettered: 0 })
  })

  test('cost their window time and nothing else', () => {
    expect([window.start, window.end]).toEqual([T0, T0 + 10_000])
    expect(window.rows).toMatchObject([{ key: '1', bids: 5 * BIDS_PER_ENVELOPE, bidders: 1 }])
  })
})
