import { describe, expect, test } from '@jest/globals'
import { main } from '../../lab/fuzz-admission'
import type { Reading } from './difference'
import { hostileCase } from './hostile-bodies'
import type { Outcome } from './outcome'
import { outcomeByReading } from './reading'

async function run(args: readonly string[], reading?: Reading) {
  const out: string[] = []
  const code = await main(args, { out: (line) => out.push(line), err: () => undefined }, reading)
  return { code, out: out.join('\n') }
}

test('admission does what the documentation says, over 20,000 hostile lines', async () => {
  const { code, out } = await run(['--lines', '20000', '--seed', '2'])
  expect(out).toMatch(/^20,000 lines in [\d,]+ requests of seed 2: no difference$/)
  expect(code).toBe(0)
}, 60_000)

describe('npm run fuzz:admission', () => {
  /** As if keys could have no more than a letter. */
  const misread: Reading = (pipeline, body, situation) =>
    outcomeByReading({ ...pipeline, key: (event) => String(event.k).slice(0, 1) }, body, situation)

  test('shows the least request over which the readings part, and how to make it again', async () => {
    const { code, out } = await run([], misread)
    expect(code).toBe(1)
    const [, bytes] = /^body {7}(".*")$/m.exec(out)!
    expect(JSON.parse(bytes!).length).toBeLessThan(60)
    expect(out).toMatch(/^product {4}\{.*\nreading {4}\{/m)
    const again = /^again: npm run fuzz:admission -- (.*)$/m.exec(out)![1]!
    expect((await run(again.split(' '), misread)).out).toBe(out)
    expect((await run(again.split(' '))).code).toBe(0)
  }, 60_000)

  test('explains itself', async () => {
    const { code, out } = await run(['--help'])
    expect(code).toBe(0)
    expect(out).toContain('--lines <n>')
    expect(out).toContain('Exit code: 0')
  })

  test.each([['--lines', '0'], ['--lines', 'many'], ['--seed', '-1'], ['--seed', ''], ['--speed', '9'], ['extra']])(
    'refuses %s %s',
    async (...args) => {
      expect((await run(args)).code).toBe(2)
    },
  )
})

describe('hostile lines', () => {
  const codesOf = (outcome: Outcome) =>
    'refused' in outcome
      ? [`body ${outcome.refused}`]
      : [
          ...outcome.rejected.map(([, code]) => code),
          ...outcome.dead.map(([, code]) => `dead ${code}`),
          ...(outcome.lines.length > 0 ? ['accepted'] : []),
          ...(outcome.late > 0 ? ['late'] : []),
          ...(outcome.partlyLate > 0 ? ['partlyLate'] : []),
          ...(outcome.moreRejected > 0 ? ['more'] : []),
          ...(outcome.horizonMs === null ? [] : ['closes']),
        ]

  test('meet every verdict that there is', () => {
    const met = new Set<string>()
    for (let index = 0; index < 3_000; index++) {
      const { pair, body, situation } = hostileCase(1, index)
      for (const code of codesOf(outcomeByReading(pair.reading, body, situation))) met.add(code)
    }
    expect([...met].sort()).toEqual([
      'accepted',
      'body empty_body',
      'body invalid_json',
      'body too_many_lines',
      'closes',
      'dead key_too_long',
      'dead missing_key',
      'dead not_a_number',
      'dead not_a_scalar',
      'dead out_of_range',
      'dead unsafe_integer',
      'invalid_json',
      'invalid_timestamp',
      'invalid_utf8',
      'key_too_long',
      'late',
      'line_too_long',
      'missing_key',
      'missing_timestamp',
      'more',
      'not_an_object',
      'partlyLate',
      'schema',
      'timestamp_in_future',
      'timestamp_unit',
      'too_many_windows',
      'unsafe_integer',
    ])
  })

  test('are the same for the same seed, and others for another', () => {
    const bodies = (seed: number) => [0, 1, 2].map((index) => hostileCase(seed, index).body.toString('hex'))
    expect(bodies(1)).toEqual(bodies(1))
    expect(bodies(1)).not.toEqual(bodies(2))
  })
})
