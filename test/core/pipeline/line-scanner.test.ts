import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { count } from '../../../core/aggregates/count'
import { distinct } from '../../../core/aggregates/distinct'
import { max } from '../../../core/aggregates/extreme'
import { sum } from '../../../core/aggregates/sum'
import { readLine } from '../../../core/pipeline/event'
import { LineScanner } from '../../../core/pipeline/line-scanner'
import { type Pipeline, type PipelineOptions, pipeline } from '../../../core/pipeline/pipeline'
import { tumbling } from '../../../core/pipeline/window'
import { foldEnvelope } from '../../../core/protocol/fold'
import { encodePartial } from '../../../core/protocol/partial'
import { readBody } from '../../../edge-node/ingest/request-body'
import { newIntakeOf } from '../../support/history'
import { anyJsonLine, mutated } from '../../support/some-json'

const AGGREGATES = { n: count(), total: sum('v'), top: max('v'), kinds: distinct('u') }
const LATEST_MS = 10_000_000_000_000

const defined = (options: Partial<PipelineOptions<unknown, unknown, typeof AGGREGATES>> = {}) =>
  pipeline({
    name: 'p',
    key: 'k',
    timestamp: { field: 't', unit: 'ms' },
    window: tumbling(10),
    aggregates: AGGREGATES,
    ...options,
  }) as unknown as Pipeline

const PIPELINES: readonly Pipeline[] = [
  defined(),
  defined({ timestamp: 't' }),
  defined({ timestamp: { field: 't', unit: 's' } }),
  defined({ key: 'v' }),
  defined({ map: (event) => event }),
]

const asciiText = (bytes: Uint8Array, start: number, end: number) =>
  Buffer.from(bytes.subarray(start, end)).toString('latin1')

function scan(spec: Pipeline, line: string) {
  const scanner = LineScanner.of(spec, asciiText)!
  if (!scanner.scan(Buffer.from(`${line}\n`), 0, LATEST_MS)) return null
  const { timestampMs, found, end } = scanner
  return { timestampMs, found, end }
}

/** Events as they should be, with values now and then that should not be there. */
const someEvent = fc
  .tuple(
    fc.oneof(
      fc.string(),
      fc.integer(),
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.constant(2 ** 53),
      fc.constant(-0),
    ),
    fc.oneof(fc.integer({ min: -10, max: 4e12 }), fc.constantFrom('2026-01-01T00:00:00Z', '2026-13-01', 1.5, null)),
    fc.oneof(fc.double({ noDefaultInfinity: true, noNaN: true }), fc.constantFrom(null, 'x', 1e300, -0)),
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constantFrom(null, [1], 2 ** 60)),
  )
  .map(([k, t, v, u]) => JSON.stringify({ u, t, k, v }).replace('"k":0,', '"k":-0,'))

const anyLine = fc.oneof(someEvent, someEvent, mutated(someEvent), anyJsonLine(['k', 't', 'v', 'u']))

describe('a line that is scanned', () => {
  test('has the time, the key and the values that reading it finds, and is none that reading refuses', () => {
    let found = 0
    fc.assert(
      fc.property(fc.constantFrom(...PIPELINES), anyLine, (spec, line) => {
        const scanned = scan(spec, line)
        if (scanned === null) return
        const read = readLine(spec, 1, Buffer.from(line).toString('utf8', 0, scanned.end), LATEST_MS)
        if ('code' in read) throw new Error(`${line} is refused: ${read.reason}`)
        expect(scanned.timestampMs).toBe(read.timestampMs)
        if (scanned.found === null) return
        found += 1
        expect(scanned.found).toEqual(read.found)
      }),
      { numRuns: 3_000 },
    )
    expect(found).toBeGreaterThan(50)
  })

  test('folds to the same, to the bit, as a line that nobody has read before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...PIPELINES), fc.array(anyLine, { maxLength: 12 }), async (spec, lines) => {
        const intake = newIntakeOf(spec)
        const limits = { bodyBytes: 1e6, lineBytes: 1e5, futureSkewMs: 0 }
        const body = Buffer.from(['{"k":1,"t":200000000000,"v":1,"u":1}', ...lines].join('\n'))
        intake.admit({ key: null, ...readBody(spec, body, limits, LATEST_MS) })
        const cut = intake.cut(Number.MAX_SAFE_INTEGER)?.cut
        if (cut === undefined) return
        const parsed = await foldEnvelope(spec, cut.envelope)
        const scanned = await foldEnvelope(spec, cut.envelope, { readings: cut.readings ?? undefined })
        expect(scanned.deadLetters).toEqual(parsed.deadLetters)
        const encoded = ({ panes }: typeof parsed) => [...panes].map(([at, pane]) => [at, encodePartial(spec, pane)])
        expect(encoded(scanned)).toEqual(encoded(parsed))
      }),
      { numRuns: 200 },
    )
  })
})

describe('there is no scanner for a pipeline', () => {
  const event = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as const

  test.each([
    ['with a schema, which looks at the whole event', defined({ event })],
    ['that finds its key by a function', defined({ key: () => 'a' })],
    ['that finds its timestamp by a function', defined({ timestamp: () => 1 })],
    ['whose field has a name beyond ASCII', defined({ key: '\u00e9' })],
    [
      'with an aggregate that reads the event its own way',
      defined({ aggregates: { ...AGGREGATES, total: { ...sum('v'), read: () => 1 } } }),
    ],
  ])('%s', (_, spec) => {
    expect(LineScanner.of(spec, asciiText)).toBeNull()
  })
})
