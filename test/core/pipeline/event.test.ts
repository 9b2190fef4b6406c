import { describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { count } from '../../../core/aggregates/count'
import { distinct } from '../../../core/aggregates/distinct'
import { eventOf, readLine, timestampMsOf } from '../../../core/pipeline/event'
import { type PipelineOptions, pipeline } from '../../../core/pipeline/pipeline'
import { tumbling } from '../../../core/pipeline/window'

const LATEST_MS = 2_000_000

type Options = PipelineOptions<unknown, unknown, { n: ReturnType<typeof count> }>
const defined = (options: Partial<Options> = {}) =>
  pipeline({
    name: 'p',
    key: 'k',
    timestamp: { field: 't', unit: 'ms' },
    window: tumbling(10),
    aggregates: { n: count() },
    ...options,
  })
const read = (line: string, options?: Partial<Options>) => readLine(defined(options), 7, line, LATEST_MS)
const fails = (thrown: unknown) => () => {
  throw thrown
}

describe('a line that is an event', () => {
  test('keeps its number and its text, with its event time in ms', () => {
    const line = '{ "k": "a",  "t": "1970-01-01T00:00:01.5Z" }'
    expect(read(line)).toMatchObject({ number: 7, line, timestampMs: 1_500 })
  })

  test('may be as late as the largest timestamp taken', () => {
    expect(read(`{"k": "a", "t": ${LATEST_MS}}`)).toHaveProperty('timestampMs', LATEST_MS)
  })

  test('has the timestamp and key that functions find in it', () => {
    const timestamp = { field: (e: unknown) => (e as { at: { ms: number } }).at.ms, unit: 'ms' } as const
    const event = { timestamp, key: () => 1 }
    expect(read('{"at": {"ms": 5}}', event)).toHaveProperty('timestampMs', 5)
  })
})

describe('a number that is no ms of our time', () => {
  test.each([0, 1, 1_382_036_123, 99_999_999_999, 5.5])('%d is refused, and opens no window', (t) => {
    const rejection = read(JSON.stringify({ k: 'a', t }), { timestamp: 't' })
    expect(rejection).toMatchObject({ code: 'timestamp_unit', reason: expect.stringContaining("unit: 's'") })
  })

  test('is taken where the pipeline states its unit, as text, too', () => {
    for (const t of [1_382, '1382'])
      expect(read(JSON.stringify({ k: 'a', t }), { timestamp: { field: 't', unit: 's' } })).toMatchObject({
        timestampMs: 1_382_000,
      })
  })

  test('a unit that there is not is a mistake of the pipeline', () => {
    expect(() => defined({ timestamp: { field: 't', unit: 'm' as 's' } })).toThrow('none of s, ms, us, ns')
  })

  test('an ISO text may name any instant since 1970', () => {
    expect(read('{"k":"a","t":"1970-01-01T00:00:01Z"}', { timestamp: 't' })).toMatchObject({ timestampMs: 1_000 })
  })
})

describe('a line is rejected', () => {
  test.each([
    ['', 'invalid_json', 'the line is no JSON value'],
    ['{"k": "a", "t": 1', 'invalid_json', 'the line is no JSON value'],
    ['NaN', 'invalid_json', 'the line is no JSON value'],
    ['null', 'not_an_object', 'an event is a JSON object, such as {"key": "a"}'],
    ['1', 'not_an_object', 'an event is a JSON object, such as {"key": "a"}'],
    ['"{}"', 'not_an_object', 'an event is a JSON object, such as {"key": "a"}'],
    ['[{"k": "a", "t": 1}]', 'not_an_object', 'an event is a JSON object, such as {"key": "a"}'],
    ['{"k": "a"}', 'missing_timestamp', 'the event has no field "t" for its timestamp; it has "k"'],
    ['{"k": "a", "t": null}', 'missing_timestamp', 'the field "t", the event\'s timestamp, is null'],
    ['{"k": "a", "t": "today"}', 'invalid_timestamp', 'the timestamp is neither epoch milliseconds nor ISO 8601'],
    ['{"k": "a", "t": -1}', 'invalid_timestamp', 'the timestamp is neither epoch milliseconds nor ISO 8601'],
    ['{"k": "a", "t": {}}', 'invalid_timestamp', 'the timestamp is neither epoch milliseconds nor ISO 8601'],
    [
      `{"k": "a", "t": ${LATEST_MS + 25}}`,
      'timestamp_in_future',
      'the timestamp is 25 ms further ahead of the clock than is taken',
    ],
    ['{"t": 1}', 'missing_key', 'the event has no field "k" for its key; it has "t"'],
  ])('%s as %s', (line, code, reason) => {
    expect(read(line)).toEqual({ code, reason })
  })

  test('with a key of over 512 characters as key_too_long', () => {
    const reason = 'the key has 513 characters; at most 512 are taken'
    expect(read(`{"t": 1, "k": "${'x'.repeat(513)}"}`)).toEqual({ code: 'key_too_long', reason })
    expect(read(`{"t": 1, "k": "${'x'.repeat(512)}"}`)).toHaveProperty('timestampMs', 1)
  })

  test('when the timestamp function throws: there is none', () => {
    expect(read('{"k": "a"}', { timestamp: fails(new Error('no')) })).toHaveProperty('code', 'missing_timestamp')
  })

  test.each([
    ['an error', new Error('no user'), 'the key function failed: no user'],
    ['a text', 'text', 'the key function failed: text'],
    ['a symbol', Symbol('s'), 'the key function failed: Symbol(s)'],
    ['what cannot become text', Object.create(null), 'the key function failed: it threw something without a text'],
    ['a long text', new Error('x'.repeat(1_000)), `the key function failed: ${'x'.repeat(175)}`],
  ])('when the key function throws %s, with what it said in at most 200 characters', (_, thrown, reason) => {
    expect(read('{"t": 1}', { key: fails(thrown) })).toEqual({ code: 'missing_key', reason })
  })
})

describe('a key', () => {
  const keyOf = (value: unknown) => defined({ key: () => value }).keyOf({})

  test.each([
    ['', ''],
    ['ü', 'ü'],
    [0, '0'],
    [-0, '0'],
    [1e-7, '1e-7'],
    [0.1, '0.1'],
    [false, 'false'],
  ])('%p is the group %p', (value, key) => {
    expect(keyOf(value)).toBe(key)
  })

  test.each([undefined, null, Number.NaN, Number.POSITIVE_INFINITY, {}, ['a'], 1n])('%p is none', (value) => {
    expect(keyOf(value)).toHaveProperty('code', 'missing_key')
  })

  test("and a timestamp are an event's own fields, never inherited ones", () => {
    expect(read('{"t": 1}', { timestamp: { field: 'constructor', unit: 'ms' } })).toHaveProperty(
      'code',
      'missing_timestamp',
    )
    expect(read('{"t": 1}', { key: 'constructor' })).toHaveProperty('code', 'missing_key')
    expect(read('{"t": 1, "__proto__": "a"}', { key: '__proto__' })).toHaveProperty('timestampMs', 1)
  })

  test('is not asked for at ingest when map still has to make it', () => {
    expect(read('{"t": 1}', { map: (event) => event })).toHaveProperty('timestampMs', 1)
  })
})

describe('a schema', () => {
  test('refuses an event with the path and the message of its first issue', () => {
    const event = z.object({ user: z.object({ ids: z.array(z.number('no number')) }) })
    expect(read('{"user": {"ids": [1, "x"]}}', { event })).toEqual({ code: 'schema', reason: 'user.ids.1: no number' })
  })

  test('refuses the event as a whole without a path', () => {
    const event = z.looseObject({}).refine(() => false, 'both or none')
    expect(read('{"t": 1, "k": "a"}', { event })).toEqual({ code: 'schema', reason: 'both or none' })
  })

  test('that quotes a hostile event does so in at most 200 characters', () => {
    const rejection = read(`{"t": 1, "${'x'.repeat(100_000)}": 1}`, { event: z.strictObject({ t: z.number() }) })
    expect(rejection).toEqual({ code: 'schema', reason: expect.stringMatching(/^Unrecognized key: "x{181}$/) })
  })

  test('gives the event that timestamp, key and map see', () => {
    const event = z.object({ at: z.string() }).transform(({ at }) => ({ t: at, k: 'fixed' }))
    const line = '{"at": "1970-01-01T00:00:02Z", "t": 9}'
    expect(read(line, { event })).toHaveProperty('timestampMs', 2_000)
    expect(eventOf(defined({ event }), line)).toEqual({ t: '1970-01-01T00:00:02Z', k: 'fixed' })
  })

  const reason = 'the event schema failed, or answers asynchronously; every check has to answer at once'
  test.each([
    ['answers asynchronously', z.object({}).refine(async () => true)],
    ['has a check that throws', z.object({}).refine(fails(new Error('boom')))],
  ])('that %s refuses the event and leaves no unhandled rejection', async (_, event) => {
    expect(read('{"t": 1, "k": "a"}', { event })).toEqual({ code: 'schema', reason })
    await new Promise((resolve) => setImmediate(resolve))
  })

  test('of another library that throws refuses the event with what it threw', () => {
    const event = { '~standard': { version: 1, vendor: 'test', validate: fails(new Error('boom')) } } as const
    expect(read('{}', { event })).toEqual({ code: 'schema', reason: 'the event schema failed: boom' })
  })
})

describe('an admitted line', () => {
  test('gives the same event and event time again where it is folded', () => {
    const event = eventOf(defined(), '{"k": "a", "t": 12}')
    expect(event).toEqual({ k: 'a', t: 12 })
    expect(timestampMsOf(defined(), event)).toBe(12)
  })

  test('that could not have been admitted is a bug, and is said so', () => {
    const strict = defined({ event: z.object({ t: z.number() }) })
    expect(() => eventOf(strict, '{"t": "x"}')).toThrow('an admitted line is refused by the schema: t: ')
    expect(() => timestampMsOf(defined(), {})).toThrow('an admitted event has no timestamp')
  })
})

describe('a whole number beyond 2^53 - 1', () => {
  const spec = pipeline({
    name: 'p',
    key: 'k',
    timestamp: { field: 't', unit: 'ms' },
    window: tumbling(10),
    aggregates: { n: distinct('k') },
  })
  const read = (k: string) => readLine(spec, 1, `{"k":${k},"t":1}`, 10)

  test.each(['9007199254740992', '9007199254740993', '-9007199254740993', '1e300'])(
    '(%s) is no key: it would become its neighbour; nor is it a value of distinct',
    (k) => {
      expect(read(k)).toMatchObject({ code: 'unsafe_integer', reason: expect.stringContaining('as a string') })
      expect(distinct('k').read(JSON.parse(`{"k":${k}}`))).toMatchObject({ code: 'unsafe_integer' })
    },
  )

  test.each(['9007199254740991', '-9007199254740991', '"9007199254740993"', '0.5'])('(%s) is one', (k) => {
    expect(read(k)).toMatchObject({ timestampMs: 1 })
  })
})
