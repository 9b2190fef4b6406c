import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import llmUsage from '../../pipelines/llm-usage'
import { llmUsage as oracle } from '../../scripts/verify/pipelines/named'
import { bothWays, results } from './results'

const AT = '2023-11-16 18:17:03.9799600' // as in the Azure traces
const START_MS = Date.UTC(2023, 10, 16, 18, 17)
/** 0.5 + (murmur3('42:' + size) mod 1000) / 1000, computed apart from this repository. */
const RATES = { small: 0.549, medium: 1.469, large: 1.049 }
const at = (ContextTokens: unknown, GeneratedTokens: unknown, TIMESTAMP: unknown = AT) => ({
  TIMESTAMP,
  ContextTokens,
  GeneratedTokens,
})

describe('llm-usage', () => {
  test('comes to the results that are worked out by hand', async () => {
    const refused = [at(-1, 1), at(1, '1'), at(1, undefined), at(null, 1)]
    const requests = [at(999, 10), at(1000, 20), at(3999, 0), at(4000, 40), ...refused, at(0, 0, START_MS + 60_000)]
    const [first, second, ...others] = await results(llmUsage, requests)
    expect(first).toMatchObject({ startMs: START_MS, endMs: START_MS + 60_000, deadLettered: 4, edge: 4 })
    expect(first!.rows).toEqual([
      {
        ...{ key: 'large', requests: 1, contextTokens: 4000, generatedTokens: 40, p99Context: 4008 },
        ...{ p99Generated: 40.125, cost: expect.closeTo(((4000 + 3 * 40) * RATES.large) / 1e6, 15) },
      },
      {
        ...{ key: 'medium', requests: 2, contextTokens: 4999, generatedTokens: 20, p99Context: 3992 },
        ...{ p99Generated: 20.0625, cost: expect.closeTo(((1000 + 60 + 3999) * RATES.medium) / 1e6, 15) },
      },
      {
        ...{ key: 'small', requests: 1, contextTokens: 999, generatedTokens: 10, p99Context: 998 },
        ...{ p99Generated: 10.03125, cost: expect.closeTo(((999 + 30) * RATES.small) / 1e6, 15) },
      },
    ])
    expect(second!.rows).toMatchObject([{ key: 'small', requests: 1, contextTokens: 0, cost: 0 }])
    expect(others).toEqual([])
  })

  test('agrees with the oracle to the bit', async () => {
    const tokens = fc.oneof(
      { weight: 6, arbitrary: fc.nat(9_000) },
      { weight: 2, arbitrary: fc.double({ min: 0, max: 1e6, noNaN: true }) },
      { weight: 1, arbitrary: fc.constantFrom<unknown>(-1, '5', null, 999.5, 1000, 4000, 1e300, true) },
    )
    const timestamp = fc.oneof(fc.constant(AT), fc.integer({ min: START_MS, max: START_MS + 150_000 }))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(tokens, tokens, timestamp), { maxLength: 25 }), async (requests) => {
        const both = await bothWays(
          llmUsage,
          oracle,
          requests.map((request) => at(...request)),
        )
        expect(both.product).toEqual(both.oracle)
      }),
      { numRuns: 40 },
    )
  })

  test('dead-letters tokens beyond every double, as the oracle does', async () => {
    const line = JSON.stringify(at(0, 1)).replace('"ContextTokens":0', '"ContextTokens":1e400')
    const both = await bothWays(llmUsage, oracle, [line, at(1, 1)])
    expect(both.product).toMatchObject([{ accepted: 2, deadLettered: 1, rows: [{ key: 'small', requests: 1 }] }])
    expect(both.product).toEqual(both.oracle)
  })

  test('takes no request without a time', async () => {
    expect(await results(llmUsage, [at(1, 1, null), at(1, 1, 'yesterday')])).toEqual([])
  })
})
