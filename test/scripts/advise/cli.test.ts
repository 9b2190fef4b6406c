import { describe, expect, test } from '@jest/globals'
import { parseAdviseArguments } from '../../../scripts/advise/cli'

const FLINK = ['--flink', 'http://127.0.0.1:8081']
const PROMETHEUS = ['--prometheus', 'http://127.0.0.1:9090']
const parse = (...args: string[]) => parseAdviseArguments(args, {})

describe('the command line', () => {
  test('explains every option', () => {
    const command = parse('--help')
    expect(command.kind === 'text' && command.text).toMatch(/--flink.*--job.*--prometheus.*--lag-query.*--save/s)
  })

  test.each([
    [[], /either --flink URL or --prometheus URL/],
    [[...FLINK, ...PROMETHEUS], /either --flink URL or --prometheus URL/],
    [PROMETHEUS, /--query is needed/],
    [[...FLINK, '--query', 'up'], /--query goes with --prometheus/],
    [[...PROMETHEUS, '--query', 'up', '--job', 'x'], /--job goes with --flink/],
    [[...FLINK, '--for', 'soon'], /a time such as 30s/],
    [[...FLINK, '--for', '30d'], /at most 7d/],
    [[...FLINK, '--plot', 'plot.png'], /\.svg or \.html/],
    [[...FLINK, '--base', '0'], /number from/],
  ])('refuses %j in words', (args, message) => {
    const command = parse(...args)
    expect(command.kind === 'wrong' && command.message).toMatch(message)
    expect(command.kind === 'wrong' && command.message).toMatch(/See spillway advise --help\.$/)
  })

  test('watches a Flink job for half an hour, and looks back a week by Prometheus', () => {
    expect(parse(...FLINK)).toMatchObject({ kind: 'run', forMs: 1_800_000, source: { kind: 'flink', everyMs: 2_000 } })
    expect(parse(...PROMETHEUS, '--query', 'q')).toMatchObject({ forMs: 604_800_000, source: { query: 'q' } })
  })

  test('takes the token of Prometheus from the environment, where nobody else reads it', () => {
    const command = parseAdviseArguments([...PROMETHEUS, '--query', 'q'], { PROMETHEUS_TOKEN: 'secret' })
    expect(command).toMatchObject({ source: { token: 'secret' } })
  })
})
