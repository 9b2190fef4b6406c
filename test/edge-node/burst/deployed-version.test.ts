import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { CloudUnread } from '../../../cloud/cloud-unread'
import { knownDeployment, otherVersion } from '../../../edge-node/burst/known-deployment'
import { readConfiguration } from '../../../edge-node/config/command-line'
import { type Edge, startEdge } from '../../../edge-node/edge-node'
import { createLogger } from '../../../edge-node/observe/logger'
import { type EmbeddedCloud, startEmbeddedCloud } from '../../../localstack/embedded/start'
import { provision } from '../../../localstack/provision'
import { versionOf } from '../../../program/version.cjs'
import { inspectionStack } from '../../support/inspection-stack'
import { temporaryFolders } from '../../support/temporary-folder'

const START_MS = 60_000
const newFolder = temporaryFolders()
const before = { ...process.env }
const version = versionOf('pipelines/bids.ts')
let cloud: EmbeddedCloud
let edge: Edge | undefined

beforeAll(async () => {
  cloud = await startEmbeddedCloud({ port: 0, onFunctionLog: () => {} })
  const variables = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
  Object.assign(process.env, { AWS_ENDPOINT_URL: cloud.endpoint, ...variables })
}, START_MS)
afterEach(async () => {
  await edge?.stop()
  edge = undefined
})
afterAll(async () => {
  process.env = before
  await cloud?.stop()
}, START_MS)

/** Starts a node on the folder; the warnings that it logs until it listens. */
async function warningsOfAStart(folder: string): Promise<string[]> {
  const lines: string[] = []
  const read = readConfiguration(
    ['--stack', 'spillway-test', '--port', '0', '--data-dir', folder, '--mode', 'never'],
    {},
    folder,
  )
  if ('help' in read) throw new Error('the help was not asked for')
  edge = await startEdge(read.config, createLogger('warn', { write: (line) => void lines.push(line) }))
  await edge.stop()
  edge = undefined
  return lines.map((line) => JSON.parse(line).msg)
}

describe('a start', () => {
  test(
    'warns when the functions have other pipelines, also while the cloud is away, and goes on',
    async () => {
      const folder = await newFolder()
      await provision(cloud.endpoint, inspectionStack({ version: 'another' }))
      const warning = expect.stringMatching(
        /^the functions have version another of "bids", .*deploy again: npx sls deploy/,
      )
      expect(await warningsOfAStart(folder)).toEqual([warning])
      process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:1'
      expect(await warningsOfAStart(folder)).toEqual([expect.stringMatching(/^the cloud cannot be read/), warning])
      process.env.AWS_ENDPOINT_URL = cloud.endpoint
      await provision(cloud.endpoint, inspectionStack({ version }))
      expect(await warningsOfAStart(folder)).toEqual([])
    },
    START_MS,
  )

  test('has nothing to tell where the deployment does not say which pipelines it has', () => {
    expect(otherVersion('clicks', 'a', undefined)).toBeNull()
    expect(otherVersion('clicks', 'a', { clicks: 'a' })).toBeNull()
    expect(otherVersion('clicks', 'a', { clicks: 'b' })).toMatch(/version b of "clicks", this node has version a/)
    expect(otherVersion('clicks', 'a', { hot: 'a' })).toMatch(/no pipeline "clicks", this node has version a/)
  })
})

describe('what is known of the deployment', () => {
  const newFolder = temporaryFolders()
  const logger = pino({ level: 'silent' })
  const found = {
    deployment: { stream: 's', partialsTable: 'p', resultsTable: 'r', burstFunction: 'b', mergeFunction: 'm' },
    lanes: { shards: 2, parallelization: 4, consumer: 'fan-out' as const },
  }
  const away = async () => {
    throw new CloudUnread('cloud_unreachable', 'no answer')
  }

  describe('a node whose cloud is away', () => {
    test('starts with what it knew of the same stack', async () => {
      const folder = await newFolder()
      await knownDeployment(folder, 'stack', async () => found, logger)
      expect(await knownDeployment(folder, 'stack', away, logger)).toEqual({ stack: 'stack', ...found })
    })

    test('does not start on what it knew of another stack, or on nothing', async () => {
      const folder = await newFolder()
      await expect(knownDeployment(folder, 'stack', away, logger)).rejects.toThrow('no answer')
      await knownDeployment(folder, 'stack', async () => found, logger)
      await expect(knownDeployment(folder, 'other', away, logger)).rejects.toThrow('no answer')
    })

    test('learns anew as soon as the cloud can be read', async () => {
      const folder = await newFolder()
      await knownDeployment(folder, 'stack', async () => found, logger)
      const wider = { ...found, lanes: { ...found.lanes, shards: 4 } }
      await knownDeployment(folder, 'stack', async () => wider, logger)
      expect((await knownDeployment(folder, 'stack', away, logger)).lanes).toEqual(wider.lanes)
    })
  })
})
