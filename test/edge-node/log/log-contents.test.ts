import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { errorText } from '../../../core/pipeline/excerpt'
import { createLogger } from '../../../edge-node/observe/logger'
import { functionLog } from '../../../handlers/uncaught-errors'
import { eventually } from '../../support/eventually'
import { event, type NodeOptions, testNodes, testPipeline } from '../../support/fixture'
import { fillDisk } from '../../support/temporary-folder'

const { start } = testNodes()
afterEach(() => {
  jest.restoreAllMocks()
})

/** In keys, in values, and in what `map` throws. */
const CONTENTS = /sesame|treasure/
const sesame = (seconds: number, value: unknown = 1) => event('open-sesame', seconds, value)

/** A node whose log is kept, at level trace. */
async function loggedNode(options: NodeOptions = {}) {
  const lines: string[] = []
  const logger = createLogger('trace', { write: (line) => void lines.push(line) })
  const pipeline = testPipeline({
    map: (one) => {
      if (typeof one.v === 'string') throw new Error(`no number: ${one.v}`)
      return one
    },
  })
  const node = await start({ pipeline, logger, ...options })
  const said = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { node, said, log: () => lines.join('') }
}

describe('at level trace no contents of events are in the log', () => {
  test('of events that are folded, dead-lettered, late, rejected, or no JSON', async () => {
    const { node, log } = await loggedNode()
    await node.post([sesame(1), sesame(2, 'treasure'), '{"k":"sesame', '{"sesame":1}', sesame(14)].join('\n'))
    await node.windows(1)
    await node.post(sesame(1))
    await node.post('["sesame", treasure')
    await node.post('{"treasure":', { 'content-encoding': 'sesame' })
    await node.app.inject('/v1/windows?key=sesame&cursor=treasure')
    await node.app.inject('/v1/latest?search=treasure')
    await node.app.inject('/sesame/treasure')
    await eventually(async () => expect((await node.status()).events).toMatchObject({ deadLettered: 1, pending: 0 }))
    expect(log()).not.toMatch(CONTENTS)
  })

  test('of those that burst, while the cloud is there and while it is away', async () => {
    const { node, said, log } = await loggedNode({ config: { mode: 'always' } })
    await node.post([sesame(1), sesame(2, 'treasure')].join('\n'))
    await eventually(async () => expect((await node.status()).events.pending).toBe(0))
    node.cloud.away = true
    for (let second = 3; second <= 6; second++) {
      await node.post(sesame(second, 'treasure'))
      await eventually(async () => expect((await node.status()).events.pending).toBe(0))
    }
    const messages = said().map(({ component, msg }) => `${component}: ${msg}`)
    expect(messages).toContain('overflow: an envelope comes back to the edge')
    expect(messages).toContain('overflow: the cloud is away: nothing is sent until a try gets through')
    expect(log()).not.toMatch(CONTENTS)
  })

  test('of a request that meets a bug, or a sick disk', async () => {
    const { node, said, log } = await loggedNode()
    jest.spyOn(node.node, 'ingest').mockImplementation(async () => JSON.parse('open-sesame'))
    expect((await node.post(sesame(1))).statusCode).toBe(500)
    jest.restoreAllMocks()
    await fillDisk()
    expect((await node.post(sesame(2))).statusCode).toBe(503)
    const [failed] = said().filter(({ msg }) => msg === 'a request failed')
    expect(failed).toMatchObject({
      level: 50,
      route: '/v1/events',
      err: { type: 'SyntaxError', message: 'the input is not valid JSON', stack: expect.stringContaining('    at ') },
    })
    expect(log()).not.toMatch(CONTENTS)
  })
})

describe('what an error says', () => {
  test.each([
    'treasure',
    '{"k":treasure}',
    '{"treasure"',
    '["a" "treasure"]',
    '{"a":"treasure\n"}',
    `[${'treasure'.repeat(99)}`,
  ])('does not quote %j, which is no JSON', (input) => {
    let thrown: unknown
    try {
      JSON.parse(input)
    } catch (error) {
      thrown = error
    }
    expect(errorText(thrown)).toMatch(/^SyntaxError: /)
    expect(errorText(thrown)).not.toMatch(CONTENTS)
  })

  test('is all of it otherwise', () => {
    expect(errorText(new RangeError('less than 0'))).toBe('RangeError: less than 0')
  })

  test('in the log leaves out properties that it carries', () => {
    const lines: string[] = []
    const logger = createLogger('info', { write: (line) => void lines.push(line) })
    logger.error({ err: Object.assign(new Error('no'), { code: 'EIO', input: 'treasure' }) }, 'it failed')
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 50, msg: 'it failed', err: { code: 'EIO', message: 'no' } })
    expect(lines[0]).not.toMatch(CONTENTS)
  })
})

test('functions log with the fields of the edge node', () => {
  const edge: string[] = []
  const cloud: string[] = []
  const logger = createLogger('info', { write: (line) => void edge.push(line) })
  logger.child({ component: 'overflow' }).warn({ envelope: 7 }, 'it came back')
  functionLog(
    'burst',
    () => 1_700_000_000_000,
    (line) => void cloud.push(line),
  )({
    ...{ level: 'warn', message: 'it was refused', envelope: 7 },
  } as const)
  const line = JSON.parse(cloud[0]!)
  expect(line).toEqual({ level: 40, time: 1_700_000_000_000, component: 'burst', envelope: 7, msg: 'it was refused' })
  expect(Object.keys(JSON.parse(edge[0]!))).toEqual(expect.arrayContaining(Object.keys(line)))
})
