import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Pipeline } from '../../../core/pipeline/pipeline'
import { type Configuration, readConfiguration } from '../../../edge-node/config/command-line'
import type { Config } from '../../../edge-node/config/config'
import { lockData } from '../../../edge-node/disk/data-lock'
import { functionFinding, howToDeploy, inspectCloud, mappingFinding } from '../../../edge-node/inspection/cloud-half'
import { type Finding, inWords } from '../../../edge-node/inspection/finding'
import { inspect } from '../../../edge-node/inspection/inspection'
import { type EmbeddedCloud, startEmbeddedCloud } from '../../../localstack/embedded/start'
import { provision } from '../../../localstack/provision'
import bids from '../../../pipelines/bids'
import { versionOf } from '../../../program/version.cjs'
import { type Faults, inspectionStack } from '../../support/inspection-stack'
import { certificateFiles, tokenFile } from '../../support/secret-files'
import { temporaryFolders } from '../../support/temporary-folder'

const version = versionOf('pipelines/bids.ts')
const newFolder = temporaryFolders()
const before = { ...process.env }
let cloud: EmbeddedCloud

beforeAll(async () => {
  cloud = await startEmbeddedCloud({ port: 0, onFunctionLog: () => {} })
  process.env.AWS_ENDPOINT_URL = cloud.endpoint
  process.env.AWS_REGION = 'us-east-1'
  process.env.AWS_ACCESS_KEY_ID = 'test'
  process.env.AWS_SECRET_ACCESS_KEY = 'test'
  process.env.AWS_EC2_METADATA_DISABLED = 'true'
  await provision(cloud.endpoint, inspectionStack({ version }))
}, 60_000)

afterAll(async () => {
  process.env = before
  await cloud?.stop()
}, 30_000)

const deploy = (faults: Faults) => provision(cloud.endpoint, inspectionStack(faults))

async function configuration(more: Partial<Config> = {}): Promise<Configuration> {
  const folder = await newFolder()
  const read = readConfiguration(['--stack', 'spillway-test', '--port', '0'], {}, folder)
  if ('help' in read) throw new Error('the help was not asked for')
  return { ...read, config: { ...read.config, dataDir: join(folder, 'data'), ...more } }
}

const look = async (more: Partial<Config> = {}) => inspect(await configuration(more), process.env)
const problems = (findings: readonly Finding[]) => findings.filter(({ verdict }) => verdict === 'problem')

/** The one thing that is wrong. */
async function problem(more: Partial<Config> = {}): Promise<Finding> {
  const found = problems(await look(more))
  expect(found).toHaveLength(1)
  expect(found[0]?.advice).toMatch(/\w/)
  return found[0]!
}

describe('a set-up that is sound', () => {
  test('has nothing wrong, and everything is named', async () => {
    const findings = await look()
    expect(problems(findings)).toEqual([])
    expect(findings.map(({ what }) => what)).toEqual([
      ...['configuration', 'pipeline', 'data directory', 'port', 'tokens', 'TLS'],
      ...['credentials', 'stack', 'stream', 'table', 'table', 'function', 'function', 'mapping'],
    ])
    const words = inWords(findings)
    expect(words).toContain(`burst has the pipeline of this node (${version})`)
    expect(words).toContain('flow, 2 shards')
    expect(words).toContain('Enabled, 3 at once for each shard')
    expect(words).toMatch(/\n\nNothing is wrong\.$/)
  })

  test('with tokens, TLS and a private directory, too, and nothing is made or changed', async () => {
    const folder = await newFolder()
    const tokens = await tokenFile(folder)
    const more = { tokens, ...(await certificateFiles(folder)), dataDir: folder }
    const names = await readdir(folder)
    expect(problems(await look(more))).toEqual([])
    expect(await readdir(folder)).toEqual(names)
  })
})

describe('what is wrong on this machine', () => {
  test('a pipeline that is not there is told with those that are', async () => {
    expect(await problem({ pipeline: 'bid' })).toMatchObject({
      what: 'pipeline',
      says: expect.stringContaining('bids'),
    })
  })

  test('a data directory that others can enter, or that a node works on', async () => {
    const open = await newFolder()
    await chmod(open, 0o755)
    expect(await problem({ dataDir: open })).toMatchObject({ what: 'data directory', advice: `chmod 700 ${open}` })
    const held = await newFolder()
    const lock = await lockData(held)
    expect((await problem({ dataDir: held })).says).toMatch(/a process works on/)
    await lock.release()
  })

  test('a disk without room', async () => {
    expect((await problem({ reservedDiskBytes: Number.MAX_SAFE_INTEGER })).says).toMatch(/bytes are free/)
  })

  test('a port that is taken, or an address of another machine', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    expect((await problem({ port: (server.address() as AddressInfo).port })).says).toMatch(/EADDRINUSE/)
    server.close()
    expect(await problem({ host: '192.0.2.1' })).toMatchObject({
      what: 'port',
      advice: expect.stringContaining('--host'),
    })
  })

  test('tokens that others can read, and keys that are none', async () => {
    const folder = await newFolder()
    const tokens = await tokenFile(folder)
    await chmod(tokens, 0o644)
    expect(await problem({ tokens })).toMatchObject({ what: 'tokens', says: expect.stringContaining('chmod 600') })
    const files = await certificateFiles(folder)
    await writeFile(files.tlsKey, 'no key')
    expect(await problem(files)).toMatchObject({ what: 'TLS' })
  })
})

describe('what is wrong with the cloud half', () => {
  test('a cloud that never answers is a finding, and not a wait', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    try {
      const findings = problems(await inspectCloud((await configuration()).config, null, process.env, 50))
      expect(findings).toEqual([
        expect.objectContaining({ what: 'stack', says: expect.stringMatching(/nothing was heard for 0.05 s/) }),
      ])
    } finally {
      process.env.AWS_ENDPOINT_URL = cloud.endpoint
      silent.close()
    }
  })

  test('no stack: what follows from it is not told one by one', async () => {
    expect(await problem({ stack: 'spillway-absent' })).toMatchObject({
      says: expect.stringContaining('stack spillway-absent is not there'),
      advice: expect.stringContaining('deploy it: npx sls deploy'),
    })
  })

  test('no stream, unless functions are called', async () => {
    await deploy({ version, withoutStream: true })
    expect(await problem()).toMatchObject({
      what: 'stream',
      says: 'stack spillway-test has no stream',
      advice: expect.stringMatching(/--transport invoke.*npx sls deploy --param="transport=kinesis"/),
    })
    const findings = await look({ transport: 'invoke' })
    expect(problems(findings)).toEqual([])
    expect(findings.find(({ what }) => what === 'stream')?.says).toBe('none, and by invoke none is used')
    expect(findings.some(({ what }) => what === 'mapping')).toBe(false)
    await deploy({ version })
  })

  test('functions with other pipelines, no mapping, a table that is gone', async () => {
    await deploy({ version: 'another', withoutMapping: true, wrongTable: true })
    const found = problems(await look())
    expect(found.map(({ what }) => what)).toEqual(['table', 'function', 'function', 'mapping'])
    expect(found[1]?.says).toBe(`burst has version another of the pipeline, this node has ${version}`)
    for (const { advice } of found) expect(advice).toMatch(/^start the local cloud anew/)
    await deploy({ version })
  })

  test('no credentials, and no region', async () => {
    const { AWS_ACCESS_KEY_ID, AWS_REGION } = process.env
    delete process.env.AWS_ACCESS_KEY_ID
    expect(await problem()).toMatchObject({ what: 'credentials', advice: expect.stringContaining('AWS_PROFILE') })
    process.env.AWS_ACCESS_KEY_ID = AWS_ACCESS_KEY_ID
    delete process.env.AWS_REGION
    expect(await problem()).toMatchObject({ what: 'credentials', advice: expect.stringContaining('AWS_REGION') })
    process.env.AWS_REGION = AWS_REGION
  })

  test.each([
    ['http://127.0.0.1:4566', /^start the local cloud anew/],
    ['http://localhost:4566', /^start the local cloud anew/],
    ['https://kinesis.example.com', /npx sls deploy$/],
    [undefined, /npx sls deploy$/],
  ])('a cloud half at %s that is not as it should be gets the advice that helps there', (endpoint, advice) => {
    expect(howToDeploy(endpoint)).toMatch(advice)
  })

  test('a function that may be called and not looked into has a version that nobody knows', () => {
    const here = { pipeline: bids as unknown as Pipeline, version }
    const finding = (state: string, versions?: Record<string, string>) =>
      functionFinding('burst', here, { state, versions }, 'deploy').verdict
    expect(finding('Active')).toBe('unknown')
    expect(finding('Active', { bids: version })).toBe('ok')
    expect(finding('Active', { hot: version })).toBe('problem')
    expect(finding('Failed', { bids: version })).toBe('problem')
  })

  test('a mapping that is disabled, or reports nothing, holds up the stream', () => {
    const sound = { state: 'Enabled', parallelization: 1, reportsFailures: true, consumer: 'fan-out' } as const
    expect(mappingFinding('flow', sound, 'deploy').verdict).toBe('ok')
    expect(mappingFinding('flow', { ...sound, state: 'Disabled' }, 'deploy').verdict).toBe('problem')
    expect(mappingFinding('flow', { ...sound, reportsFailures: false }, 'deploy').verdict).toBe('problem')
  })
})

describe('spillway check', () => {
  const check = (args: readonly string[]) =>
    new Promise<{ code: unknown; stdout: string; output: string }>((resolve) => {
      const all = ['--import', 'tsx', 'scripts/spillway.ts', 'check', ...args]
      execFile(process.execPath, all, { env: process.env }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, output: stdout + stderr }),
      )
    })

  test('ends with 0 when nothing is wrong, and with 1 when something is, the configuration itself too', async () => {
    const dataDir = join(await newFolder(), 'data')
    const sound = ['--stack', 'spillway-test', '--port', '0', '--data-dir', dataDir]
    const [good, bad, json, unusable, unknown] = await Promise.all([
      check(sound),
      check([...sound, '--pipeline', 'none']),
      check([...sound, '--pipeline', 'none', '--json']),
      check(['--port', 'x']),
      check(['--prot', '1']),
    ])
    expect(good).toMatchObject({ code: 0, output: expect.stringContaining('Nothing is wrong.') })
    expect(bad).toMatchObject({ code: 1, output: expect.stringMatching(/PROBLEM +pipeline/) })
    expect(json.code).toBe(1)
    const { sound: isSound, findings } = JSON.parse(json.stdout)
    expect(isSound).toBe(false)
    expect(problems(findings)).toEqual([expect.objectContaining({ what: 'pipeline' })])
    expect(unusable).toMatchObject({ code: 1, output: expect.stringContaining('--port') })
    expect(unknown).toMatchObject({ code: 2, output: expect.stringContaining('did you mean --port?') })
  }, 60_000)
})
