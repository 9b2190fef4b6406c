import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { type Configuration, readConfiguration } from '../../../edge-node/config/command-line'
import { configSchema, FLINK_TOPIC, SETTINGS, TOPICS } from '../../../edge-node/config/config'
import { flagOf, unitOf, variableOf } from '../../../edge-node/config/names'
import { printedConfig } from '../../../edge-node/config/resolve'
import { UnusableConfig } from '../../../edge-node/config/unusable'
import { JOB_CONTROLLER } from '../../../flink/controller/program'
import { temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()

interface Sources {
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly files?: Readonly<Record<string, string>>
}

async function read({ args = [], env = {}, files = {} }: Sources): Promise<Configuration> {
  const folder = await newFolder()
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const configuration = readConfiguration(args, env, folder)
  if ('help' in configuration) throw new Error('the help was not asked for')
  return configuration
}

async function problemsOf(sources: Sources): Promise<readonly string[]> {
  try {
    await read(sources)
  } catch (error) {
    if (error instanceof UnusableConfig) return error.problems
    throw error
  }
  throw new Error('it was taken')
}

describe('the order of sources', () => {
  const files = { 'spillway.yaml': 'port: 1001\nworkers: 3\nmode: always\n' }

  test('is defaults, file, environment, flags, each over the one before', async () => {
    const { config, sources } = await read({
      args: ['--port', '1003'],
      env: { SPILLWAY_PORT: '1002', SPILLWAY_WORKERS: '4' },
      files,
    })
    expect(config).toMatchObject({ port: 1003, workers: 4, mode: 'always', host: '127.0.0.1' })
    expect([sources.get('port'), sources.get('workers'), sources.has('host')]).toEqual([
      '--port',
      'SPILLWAY_WORKERS',
      false,
    ])
    expect(sources.get('mode')).toMatch(/^mode in .*spillway\.yaml$/)
  })

  test('takes a JSON file too, one that --config or SPILLWAY_CONFIG names, and none', async () => {
    expect((await read({ files: { 'spillway.json': '{"port": 1}' } })).config.port).toBe(1)
    const folder = await newFolder()
    await writeFile(join(folder, 'other.yaml'), 'port: 2')
    const path = join(folder, 'other.yaml')
    expect((await read({ args: ['--config', path], files })).config.port).toBe(2)
    expect((await read({ env: { SPILLWAY_CONFIG: path }, files })).config.port).toBe(2)
    expect((await read({})).config).toEqual(configSchema.parse({}))
  })

  test('is the same for every setting and whatever subset of sources gives it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray(['file', 'env', 'flag']), async (given) => {
        const { config } = await read({
          files: given.includes('file') ? { 'spillway.yaml': 'maxGroups: 11' } : {},
          env: given.includes('env') ? { SPILLWAY_MAX_GROUPS: '12' } : {},
          args: given.includes('flag') ? ['--max-groups=13'] : [],
        })
        const expected = { file: 11, env: 12, flag: 13 }
        const last = given.at(-1) as keyof typeof expected | undefined
        expect(config.maxGroups).toBe(last === undefined ? 1_000_000 : expected[last])
      }),
      { numRuns: 20 },
    )
  })
})

describe('a name that is no setting', () => {
  test.each([
    ['--prot 1', { args: ['--prot', '1'] }, '--prot is no setting; did you mean --port?'],
    ['--max-shard=1', { args: ['--max-shard=1'] }, '--max-shard is no setting; did you mean --max-shards?'],
    [
      'SPILLWAY_DATADIR',
      { env: { SPILLWAY_DATADIR: 'x' } },
      'SPILLWAY_DATADIR is no setting; did you mean SPILLWAY_DATA_DIR?',
    ],
  ])('%s is refused with the nearest one', async (_name, sources, message) => {
    expect(await problemsOf(sources)).toEqual([message])
  })

  test('in a file is refused with the nearest one, however it is written', async () => {
    const problems = await problemsOf({ files: { 'spillway.yaml': 'latency-target-ms: 1\nhots: x\nport: 1' } })
    expect(problems.map((problem) => problem.replace(/ in .*\.yaml/, ' in FILE'))).toEqual([
      'latency-target-ms in FILE is no setting; did you mean latencyTargetMs?',
      'hots in FILE is no setting; did you mean host?',
    ])
  })

  test('among the variables of others does not matter', async () => {
    expect((await read({ env: { PORT: '1', SPILLWAY_TOKEN: 'for the scripts' } })).config.port).toBe(7070)
  })
})

describe('a value that cannot be', () => {
  test('is told with where it came from, what is expected and what it is; all of them at once', async () => {
    const problems = await problemsOf({
      args: ['--workers', '1.5'],
      env: { SPILLWAY_MODE: 'sometimes', SPILLWAY_PORT: '' },
      files: { 'spillway.yaml': 'maxShards: many\nmaxUsdPerHour: -1\nhostName: 7' },
    })
    expect(problems.map((problem) => problem.replace(/in .*\.yaml/, 'in FILE')).sort()).toEqual([
      '--workers takes a whole number from 1 to 64, and is "1.5"',
      'SPILLWAY_MODE takes one of auto, always, never, and is "sometimes"',
      'SPILLWAY_PORT takes a whole number from 0 to 65535, and is ""',
      'hostName in FILE takes a list of names, separated by commas, and is 7',
      'maxShards in FILE takes a whole number from 1 to 500, and is "many"',
      'maxUsdPerHour in FILE takes a number of at least 0, and is -1',
    ])
  })

  test.each([true, null, [], {}, 'NaN', 'Infinity', '0x10', '7070px', ' '])('is a port of %j', async (port) => {
    expect(await problemsOf({ files: { 'spillway.json': JSON.stringify({ port }) } })).toHaveLength(1)
  })

  test('is refused for a flag without its value, and for words that are no flags', async () => {
    expect(await problemsOf({ args: ['--port'] })).toEqual(["option '--port <n>' argument missing"])
    expect((await problemsOf({ args: ['start'] }))[0]).toMatch(/too many arguments/)
  })

  test('is a file that is no list of settings, is not there, or is one of two', async () => {
    expect((await problemsOf({ files: { 'spillway.yaml': '- port' } }))[0]).toMatch(/it takes settings, one a line/)
    expect((await problemsOf({ files: { 'spillway.yaml': 'port: [' } }))[0]).toMatch(/cannot be read as YAML or JSON/)
    expect((await problemsOf({ files: { 'spillway.yaml': 'port: 1\nport: 2' } }))[0]).toMatch(/keys must be unique/)
    expect((await problemsOf({ args: ['--config', 'absent.yaml'] }))[0]).toMatch(/absent\.yaml cannot be read.*ENOENT/)
    const both = { 'spillway.yaml': '', 'spillway.json': '{}' }
    expect((await problemsOf({ files: both }))[0]).toMatch(/there are spillway.yaml and spillway.json/)
  })

  test('is a combination that cannot hold', async () => {
    expect((await problemsOf({ args: ['--tls-cert', 'x'] }))[0]).toMatch(/tlsKey is missing/)
    expect((await problemsOf({ args: ['--tls-client-ca', 'x'] }))[0]).toMatch(/needs tlsCert/)
    const short = { args: ['--request-timeout-ms', '3000'] } // headers have ten seconds unless told
    expect((await problemsOf(short))[0]).toMatch(/headersTimeoutMs is part of requestTimeoutMs/)
    const both = ['--tokens', 'x', '--insecure-no-auth']
    expect((await problemsOf({ args: both }))[0]).toMatch(/only one can hold/)
  })
})

describe('the kinds of values', () => {
  test('numbers may be grouped, and lists given by commas, again, or as lists', async () => {
    expect((await read({ env: { SPILLWAY_MAX_GROUPS: '1_000' } })).config.maxGroups).toBe(1_000)
    const args = ['--host-name', 'a.example,b.example', '--host-name', 'c.example']
    expect((await read({ args })).config.hostName).toEqual(['a.example', 'b.example', 'c.example'])
    const files = { 'spillway.yaml': 'hostName: [a.example, b.example]' }
    expect((await read({ files })).config.hostName).toEqual(['a.example', 'b.example'])
  })

  test('yes or no is a flag without a value, elsewhere true or false', async () => {
    expect((await read({ args: ['--insecure-no-auth'] })).config.insecureNoAuth).toBe(true)
    expect((await read({ env: { SPILLWAY_INSECURE_NO_AUTH: 'false' } })).config.insecureNoAuth).toBe(false)
    expect(await problemsOf({ env: { SPILLWAY_INSECURE_NO_AUTH: 'yes' } })).toEqual([
      'SPILLWAY_INSECURE_NO_AUTH takes true or false, and is "yes"',
    ])
  })
})

describe('the help', () => {
  const help = async () => {
    const asked = readConfiguration(['--help'], {}, await newFolder())
    if (!('help' in asked)) throw new Error('no help')
    return asked.help
  }

  const ofJobs = Object.keys(TOPICS[FLINK_TOPIC])
  const ofNodes = SETTINGS.filter((setting) => !ofJobs.includes(setting))

  test('names every setting of a node once, by topic, with its default, in 100 columns', async () => {
    const text = await help()
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
    for (const topic of Object.keys(TOPICS)) if (topic !== FLINK_TOPIC) expect(text).toContain(`\n${topic}:\n`)
    const flags = text.match(/^ {2}(?:-\w, )?--[\w-]+/gm)?.map((flag) => flag.trim())
    for (const setting of ofNodes) expect(flags?.filter((flag) => flag === flagOf(setting))).toHaveLength(1)
    expect(text.replace(/\s+/g, ' ').match(/default:? /g)?.length).toBeGreaterThanOrEqual(ofNodes.length)
  })

  test('of the controller of a job has what it goes by, and takes the flags of a node as well', () => {
    const asked = readConfiguration(['--help'], {}, '/', JOB_CONTROLLER)
    const text = 'help' in asked ? asked.help : ''
    for (const setting of [...ofJobs, 'mode', 'maxInvokes', 'maxUsdPerHour', 'port', 'tokens'])
      expect(text).toContain(`  ${flagOf(setting)}`)
    expect(text).not.toContain('--workers')
    expect(readConfiguration(['--workers', '3', '--sidecars', 'a,b'], {}, '/', JOB_CONTROLLER)).toMatchObject({
      config: { workers: 3, sidecars: ['a', 'b'] },
    })
  })

  test('states units and bounds', async () => {
    const text = (await help()).replace(/\s+/g, ' ')
    expect(text).toContain('--latency-target-ms <ms>')
    expect(text).toContain('[1024 to 327680; default 256 KiB = 262144]')
    expect(text).toContain('[one of auto, always, never; default auto]')
  })

  test('comes even when something else is wrong', async () => {
    expect('help' in readConfiguration(['--help', '--port', 'x'], { SPILLWAY_X: '1' }, '/')).toBe(true)
  })
})

test('every measure has its unit in its name, and every setting a reason and names of its own', () => {
  for (const setting of SETTINGS) {
    expect(configSchema.shape[setting].description).toMatch(/\w{3}/)
    if (/Bytes|Ms$/.test(setting)) expect(unitOf(setting)).not.toBeNull()
  }
  expect(new Set(SETTINGS.map(variableOf)).size).toBe(SETTINGS.length)
})

describe('the printed configuration', () => {
  test('has every setting with its value and its source, and can be used as a file', async () => {
    const configuration = await read({ args: ['--port', '1003'], env: { SPILLWAY_HOST_NAME: 'a,b' } })
    const text = printedConfig(configuration)
    expect(text).toMatch(/^port: 1003 +# --port$/m)
    expect(text).toMatch(/^hostName: \["a","b"\] +# SPILLWAY_HOST_NAME$/m)
    expect(text).toMatch(/^workers: 2 +# default$/m)
    for (const setting of SETTINGS) expect(text).toMatch(new RegExp(`^(# )?${setting}:`, 'm'))
    expect((await read({ files: { 'spillway.yaml': text } })).config).toEqual(configuration.config)
  })

  test('nor is a password in the address of a collector: it is refused, and not repeated', async () => {
    const secret = 'hunter2hunter2'
    for (const address of [`http://me:${secret}@collector:4318`, `http://collector/?key=${secret}`, secret]) {
      const [problem] = await problemsOf({ env: { SPILLWAY_OTEL_ENDPOINT: address } })
      expect(problem).toMatch(/^SPILLWAY_OTEL_ENDPOINT takes an http or https address without user, password and query/)
      expect(problem).not.toContain(secret)
    }
  })

  test('secrets that were given in place of a file are repeated nowhere', async () => {
    const secret = 'hunter2hunter2hunter2'
    expect(printedConfig(await read({ args: ['--tokens', secret] }))).not.toContain(secret)
    expect(
      String(await problemsOf({ files: { 'spillway.json': JSON.stringify({ tokens: { secret } }) } })),
    ).not.toContain(secret)
    const folder = await newFolder()
    const path = join(folder, 'tokens.yaml')
    await writeFile(path, `[{name: a, token: ${secret}, scopes: [read]}]`)
    await chmod(path, 0o600)
    const shown = printedConfig(await read({ args: ['--tokens', path] }))
    expect(shown).toContain(path)
    expect(shown).not.toContain(secret)
  })
})
