import { appendFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { errorText } from '../../../core/pipeline/excerpt'
import type { LogRecord } from '../../../core/protocol/log-record'
import { createLogger } from '../../../edge-node/observe/logger'
import { functionLog } from '../../../handlers/uncaught-errors'
import { eventually } from '../../support/eventually'
import { event, type NodeOptions, testNodes, testPipeline } from '../../support/fixture'
import { fillDisk, temporaryFolders } from '../../support/temporary-folder'
import { openLog, requestOf } from './log-records'

const newFolder = temporaryFolders()
const record = (number: number): LogRecord => ({ type: 'closing', horizonMs: number })
const names = async (folder: string) => (await readdir(folder)).sort().map((name) => Number.parseInt(name, 10))
const horizons = (records: readonly LogRecord[]) =>
  records.flatMap((each) => (each.type === 'closing' ? [each.horizonMs] : []))

/** A log of three segments with records 1, 2 and 3, and four events in the first two. */
async function threeSegments() {
  const folder = await newFolder()
  const { log } = await openLog(folder)
  void log.append([requestOf(['a', 'b'], 0), record(1)])
  log.roll()
  void log.append([requestOf(['c'], 2), record(2), requestOf(['d'], 3)])
  log.roll()
  await log.append([record(3)])
  return { folder, log }
}

describe('a new segment', () => {
  test('takes what is appended after it, and all are read in order', async () => {
    const { folder, log } = await threeSegments()
    await log.close()
    expect(await names(folder)).toEqual([0, 1, 2])
    const again = await openLog(folder)
    expect(horizons(again.records)).toEqual([1, 2, 3])
    await again.log.append([record(4)])
    await again.log.close()
    expect(await names(folder)).toEqual([0, 1, 2])
  })

  test('begins with the offset of the next event, also after reopening', async () => {
    const { folder, log } = await threeSegments()
    await log.close()
    const again = await openLog(folder, 2)
    again.log.roll()
    await again.log.flushed()
    await again.log.close()
    const { records, log: last } = await openLog(folder, 2)
    const unsealed = records.filter(({ type }) => type !== 'seal')
    expect(unsealed).toEqual([{ type: 'segment', firstOffset: 4 }, record(3), { type: 'segment', firstOffset: 4 }])
    await last.close()
  })

  test('follows a full one by itself', async () => {
    const folder = await newFolder()
    const { log } = await openLog(folder)
    await log.append([requestOf(['x'.repeat(64 * 1024 * 1024)])])
    await log.append([record(2)])
    await log.close()
    expect(await names(folder)).toEqual([0, 1])
  })

  test.each([
    ['without a byte', Buffer.alloc(0)],
    ['with a part of its first record', Buffer.from([0, 0, 0])],
    ['full of zeros', Buffer.alloc(4_096)],
  ])(
    'that was torn while it was made, %s, is made again: what is appended to it later is not lost',
    async (_, torn) => {
      const folder = await newFolder()
      const { log } = await openLog(folder)
      await log.append([record(1)])
      await log.close()
      await writeFile(join(folder, '000000000001.log'), torn)
      const second = await openLog(folder)
      expect([horizons(second.records), second.tornBytes]).toEqual([[1], torn.length])
      second.log.roll()
      await second.log.append([record(2)])
      await second.log.close()
      const third = await openLog(folder)
      expect(horizons(third.records)).toEqual([1, 2])
      await third.log.close()
    },
  )
})

describe('reading from a segment on', () => {
  test('leaves out what is before it', async () => {
    const { folder, log } = await threeSegments()
    await log.close()
    const { records, log: again } = await openLog(folder, 1)
    expect(horizons(records)).toEqual([2, 3])
    await again.close()
  })

  test('cuts off a torn tail of the last all the same', async () => {
    const { folder, log } = await threeSegments()
    await log.close()
    await appendFile(join(folder, '000000000002.log'), 'torn')
    const { records, tornBytes, log: again } = await openLog(folder, 1)
    expect([horizons(records), tornBytes]).toEqual([[2, 3], 4])
    await again.close()
  })
})

describe('the lines of events', () => {
  test('are read by offset, whatever requests and segments they lie in', async () => {
    const { log } = await threeSegments()
    const all = ['a', 'b', 'c', 'd']
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 4 }), fc.nat({ max: 4 }), async (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        expect(await log.readLines(from, to - from)).toEqual(all.slice(from, to))
      }),
    )
    await log.close()
  })

  test('that are not there are an error', async () => {
    const { log } = await threeSegments()
    await expect(log.readLines(3, 2)).rejects.toThrow('the log has 1 of the 2 events from offset 3')
    await log.deleteBefore(2, 2)
    await expect(log.readLines(1, 2)).rejects.toThrow('the log has 1 of the 2 events from offset 1')
    await log.close()
  })
})

describe('deleting', () => {
  test.each([
    ['segments before one that holds needed events', 2, 0, [0, 1, 2]],
    ['segments whose events are not needed any more', 2, 2, [1, 2]],
    ['no segment that a checkpoint goes on from', 1, 4, [1, 2]],
    ['all before the last', 2, 4, [2]],
    ['never the one that is written', 9, 99, [2]],
  ])('%s', async (_, segment, neededOffset, left) => {
    const { folder, log } = await threeSegments()
    await log.deleteBefore(segment, neededOffset)
    expect(await names(folder)).toEqual(left)
    await log.append([record(4)])
    await log.close()
    const again = await openLog(folder, left[0])
    expect(horizons(again.records).at(-1)).toBe(4)
    await again.log.close()
  })
})

describe('what a log gives back', () => {
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
})
