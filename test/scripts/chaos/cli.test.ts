import { describe, expect, test } from '@jest/globals'
import { parseChaosArguments } from '../../../scripts/chaos/cli'
import { SCENARIO_NAMES } from '../../../scripts/chaos/faults/scenarios'

describe('the arguments of chaos', () => {
  test('without any: every scenario once, as each is meant', () => {
    expect(parseChaosArguments([])).toEqual({
      kind: 'run',
      scenarios: SCENARIO_NAMES,
      options: { seed: 1, seconds: null, times: null, rate: 800, peak: 3_200, keep: null },
      isJson: false,
      reportFile: null,
    })
  })

  test('one scenario with everything given', () => {
    const given = '--scenario kill-edge --seed 7 --seconds 20 --times 3 --rate 100 --peak 400 --report r.json --keep k'
    expect(parseChaosArguments(given.split(' '))).toEqual({
      kind: 'run',
      scenarios: ['kill-edge'],
      options: { seed: 7, seconds: 20, times: 3, rate: 100, peak: 400, keep: 'k' },
      isJson: false,
      reportFile: 'r.json',
    })
  })

  test('--list names each scenario in a line', () => {
    const command = parseChaosArguments(['--list'])
    const lines = command.kind === 'text' ? command.text.trimEnd().split('\n') : []
    expect(lines.map((line) => line.split(' ')[0])).toEqual([...SCENARIO_NAMES, 'all'])
  })

  test('--help has the exit codes', () => {
    expect(parseChaosArguments(['--help'])).toMatchObject({ kind: 'text', text: expect.stringContaining('Exit code') })
  })

  test.each([['--scenario', 'flood'], ['--seed', '-1'], ['--seconds', '1'], ['--times', '0'], ['--what'], ['stray']])(
    '%s %s is refused',
    (...args) => {
      const given = args.filter((arg) => typeof arg === 'string')
      expect(parseChaosArguments(given)).toMatchObject({ kind: 'wrong', message: expect.stringContaining('--help') })
    },
  )
})
