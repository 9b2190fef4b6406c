import { describe, expect, test } from '@jest/globals'
import { main } from '../../lab/fuzz-scanner'
import { scanDifference } from '../support/scan-difference'

async function run(args: readonly string[], differenceOf = scanDifference) {
  const out: string[] = []
  const code = await main(args, { out: (line) => out.push(line), err: () => undefined }, differenceOf)
  return { code, out: out.join('\n') }
}

describe('npm run fuzz:scanner', () => {
  test('finds no difference', async () => {
    expect(await run(['--lines', '1000'])).toEqual({ code: 0, out: '1,000 lines of seed 1: no difference' })
  })

  test('shows the line over which there is one', async () => {
    expect(await run([], (line) => `it misread ${line.slice(0, 1)}`)).toMatchObject({ code: 1 })
  })

  test.each([['--lines', '0'], ['--seed', 'x'], ['extra']])('refuses %s %s', async (...args) => {
    expect((await run(args)).code).toBe(2)
  })
})
