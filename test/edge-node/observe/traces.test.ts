import { describe, expect, test } from '@jest/globals'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import fc from 'fast-check'
import { pino } from 'pino'
import { configSchema } from '../../../edge-node/config/config'
import { systemClock } from '../../../edge-node/observe/clock'
import { NO_TRACE } from '../../../edge-node/observe/observe'
import { isSampled, traceIdsOf } from '../../../edge-node/observe/tracing/ids'
import { openTracing } from '../../../edge-node/observe/tracing/open-tracing'
import { tracingTo } from '../../../edge-node/observe/tracing/otlp-tracing'
import { eventually } from '../../support/eventually'
import { event, type NodeOptions, testNodes } from '../../support/fixture'

const { start, newFolder } = testNodes()
const INCARNATION = 'the-incarnation' // of the traces; what the log has is random
const options = {
  config: { traceShare: 1 },
  incarnation: INCARNATION,
  pipeline: 'test',
  version: 'v1',
  logger: pino({ level: 'silent' }),
  clock: systemClock,
}

/** A node whose spans are kept in memory. */
async function tracedNode(nodeOptions: NodeOptions = {}, share = 1) {
  const exporter = new InMemorySpanExporter()
  const { trace } = tracingTo(new SimpleSpanProcessor(exporter), { ...options, config: { traceShare: share } })
  const node = await start({ ...nodeOptions, trace })
  const spansOf = (number: number) => {
    const { traceId } = traceIdsOf(INCARNATION, number)
    return exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId)
  }
  const named = (number: number, name: string): ReadableSpan => {
    const found = spansOf(number).filter((span) => span.name === name)
    if (found.length !== 1) throw new Error(`${found.length} spans are called ${name}`)
    return found[0]!
  }
  return { node, exporter, spansOf, named }
}

const millis = ([seconds, nanos]: readonly [number, number]) => seconds * 1_000 + nanos / 1e6

describe('the trace of an envelope', () => {
  test('at the edge goes from ingest over log and fold to merge and final', async () => {
    const { node, spansOf, named } = await tracedNode()
    await node.post([event('a', 1), event('a', 2, 'poison'), event('a', 14)].join('\n'))
    await node.windows(1)
    const names = ['ingest', 'log append', 'wait for its turn', 'edge fold', 'envelope', 'merge', 'final']
    await eventually(() => expect(spansOf(0).map(({ name }) => name)).toEqual(names))
    expect(named(0, 'envelope').attributes).toMatchObject({
      'spillway.envelope': 0,
      'spillway.events': 3,
      'spillway.place': 'edge',
      'spillway.dead_letters': 1,
    })
    expect(named(0, 'merge').attributes).toMatchObject({ 'spillway.window_end': '2023-01-01T00:00:10.000Z' })
  })

  test('in the burst goes over the put and the function, whose time is what the head says', async () => {
    const { node, spansOf, named } = await tracedNode({ config: { mode: 'always' } })
    await node.post([event('a', 1), event('a', 14)].join('\n'))
    await node.windows(1)
    await eventually(() => expect(spansOf(0)).toHaveLength(9))
    const names = ['seal and put', 'in the cloud', 'function fold', 'merge', 'final']
    expect(spansOf(0).map(({ name }) => name)).toEqual(expect.arrayContaining(names))
    const [fold, cloud] = [named(0, 'function fold'), named(0, 'in the cloud')]
    expect(fold.attributes).toMatchObject({ 'faas.invocation_id': 'request-1', 'spillway.memory_mb': 512 })
    expect(fold.parentSpanContext?.spanId).toBe(cloud.spanContext().spanId)
    expect(millis(fold.startTime)).toBeGreaterThanOrEqual(millis(cloud.startTime))
    expect(fold.endTime).toEqual(cloud.endTime)
    expect(named(0, 'envelope').attributes).toMatchObject({ 'spillway.place': 'burst' })
  })

  test('hangs together: one root with the derived id, and all others below it, none before it', async () => {
    const { node, spansOf, named } = await tracedNode({ config: { mode: 'always' } })
    await node.post([event('a', 1), event('a', 14)].join('\n'))
    await node.windows(1)
    await eventually(() => expect(spansOf(0)).toHaveLength(9))
    const root = named(0, 'envelope')
    expect(root.parentSpanContext).toBeUndefined()
    expect(root.spanContext().spanId).toBe(traceIdsOf(INCARNATION, 0).rootSpanId)
    const ids = new Set(spansOf(0).map((span) => span.spanContext().spanId))
    expect(ids.size).toBe(9)
    for (const span of spansOf(0)) {
      if (span !== root) expect(ids).toContain(span.parentSpanContext?.spanId)
      expect(millis(span.startTime)).toBeGreaterThanOrEqual(millis(root.startTime))
      expect(millis(span.endTime)).toBeGreaterThanOrEqual(millis(span.startTime))
    }
  })

  test('says why the envelope came back, and ends at the edge', async () => {
    const { node, spansOf, named } = await tracedNode({ config: { mode: 'always' } })
    node.cloud.away = true
    await node.post(event('a', 1))
    await eventually(() => expect(named(0, 'edge fold')).toBeDefined())
    expect(named(0, 'seal and put').status.message).toBe('the stream cannot be reached')
    expect(spansOf(0).filter(({ name }) => name === 'wait for its turn')).toHaveLength(2)
    expect(named(0, 'envelope').attributes).toMatchObject({ 'spillway.place': 'edge' })
  })

  test('goes on after a restart in the same trace', async () => {
    const folder = await newFolder()
    const first = await tracedNode({ folder, config: { mode: 'always' } })
    first.node.cloud.held = true
    await first.node.post(event('a', 1))
    await eventually(async () => expect((await first.node.status()).burst.inFlightEnvelopes).toBe(1))
    await first.node.stop()
    const second = await tracedNode({ folder })
    await eventually(() => expect(second.named(0, 'edge fold')).toBeDefined())
    expect(second.spansOf(0).map(({ name }) => name)).toEqual(['edge fold'])
    expect(second.named(0, 'edge fold').parentSpanContext?.spanId).toBe(traceIdsOf(INCARNATION, 0).rootSpanId)
  })

  test('has nothing of the events in it', async () => {
    const { node, exporter, spansOf } = await tracedNode()
    await node.post([event('secret-key', 1, 'secret-value'), event('secret-key', 14)].join('\n'))
    await node.windows(1)
    await eventually(() => expect(spansOf(0)).toHaveLength(7))
    const told = exporter.getFinishedSpans().map(({ name, attributes, status }) => ({ name, attributes, status }))
    expect(JSON.stringify(told)).not.toMatch(/secret/)
  })
})

describe('sampling', () => {
  test('takes about the share that was asked for, in every run of envelopes', () => {
    const run = fc.tuple(fc.integer({ min: 0, max: 1e9 }), fc.double({ min: 0, max: 1, noNaN: true }))
    fc.assert(
      fc.property(run, ([from, share]) => {
        const sampled = Array.from({ length: 1_000 }, (_, index) => isSampled(from + index, share)).filter(Boolean)
        expect(Math.abs(sampled.length / 1_000 - share)).toBeLessThan(0.01)
      }),
    )
  })

  test('leaves no span of the others', async () => {
    const { node, exporter } = await tracedNode({}, 0)
    await node.post([event('a', 1), event('a', 14)].join('\n'))
    await node.windows(1)
    expect(exporter.getFinishedSpans()).toEqual([])
  })

  test('ids are those of OpenTelemetry, and another for each envelope', () => {
    const ids = Array.from({ length: 100 }, (_, number) => traceIdsOf(INCARNATION, number))
    for (const { traceId, rootSpanId } of ids) {
      expect(traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/)
      expect(rootSpanId).toMatch(/^(?!0+$)[0-9a-f]{16}$/)
    }
    expect(new Set(ids.map(({ traceId }) => traceId)).size).toBe(100)
    expect(traceIdsOf(INCARNATION, 7)).toEqual(ids[7])
  })
})

describe('traces', () => {
  test.each([
    ['nothing names a collector', {}],
    ['OpenTelemetry is switched off', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' }],
    ['traces are switched off', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_EXPORTER: 'none' }],
  ])('are off when %s', async (_, env) => {
    expect((await openTracing(options, env)).trace).toBe(NO_TRACE)
  })

  test('are on when a setting or a standard variable names a collector, and end soon without it', async () => {
    const endpoint = 'http://127.0.0.1:1'
    const config = { otelEndpoint: endpoint, traceShare: 1 }
    for (const tracing of [
      await openTracing({ ...options, config }, {}),
      await openTracing(options, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }),
    ]) {
      expect(tracing.trace).not.toBe(NO_TRACE)
      await tracing.stop()
    }
  })

  test.each(['collector:4318', 'ftp://collector', 'http://me:secret@collector'])('cannot go to %s', (otelEndpoint) => {
    expect(configSchema.safeParse({ otelEndpoint }).success).toBe(false)
  })
})
