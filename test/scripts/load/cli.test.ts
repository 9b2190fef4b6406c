import { describe, expect, test } from '@jest/globals'
import { type LoadRun, parseLoadArguments } from '../../../scripts/load/cli'
import { loadFlags } from '../../../scripts/load/cli-options'
import { LOAD_DEFAULTS } from '../../../scripts/load/options'
import { progressLine } from '../../../scripts/load/progress'

const ask = (line: string) => parseLoadArguments(line.split(' ').filter((word) => word !== ''))

function parse(line: string): LoadRun {
  const asked = ask(line)
  if (asked.kind !== 'run') throw new Error(`${line} is no run`)
  return asked
}

describe('the command line', () => {
  test('without options is a constant load with the defaults', () => {
    expect(parse('')).toEqual({
      kind: 'run',
      options: { ...LOAD_DEFAULTS, profile: { kind: 'constant', rate: 1000 } },
      reportFile: null,
      isJson: false,
      isQuiet: false,
    })
  })

  test('takes every option', () => {
    const line =
      '--url http://127.0.0.1:1 --pipeline llm-usage --profile spike --rate 10 --peak 50 --seconds 9 --spike-start 1 --spike-seconds 2' +
      ' --seed 4 --keys 5 --zipf 0.5 --poison 0.1 --disorder-ms 6 --file e.csv --sample s --time-field at --batch 7 --connections 3 --timeout-seconds 2' +
      ' --drain-seconds 1 --give-up-seconds 3 --run-id r-1 --accepted a --report r --quiet --json'
    expect(parse(line)).toEqual({
      kind: 'run',
      options: {
        ...{ url: 'http://127.0.0.1:1', pipeline: 'llm-usage', seconds: 9, seed: 4, keys: 5, zipf: 0.5, poison: 0.1 },
        ...{
          disorderMs: 6,
          eventFile: 'e.csv',
          sampleFile: 's',
          timeField: 'at',
          batch: 7,
          connections: 3,
          timeoutMs: 2000,
          drainMs: 1000,
          giveUpMs: 3000,
          runId: 'r-1',
        },
        acceptedFile: 'a',
        profile: { kind: 'spike', rate: 10, peak: 50, startSeconds: 1, lengthSeconds: 2 },
      },
      reportFile: 'r',
      isJson: true,
      isQuiet: true,
    })
  })

  test('with --trace alone replays it', () => {
    expect(parse('--trace t.csv --mean-rate 500 --speedup 10 --from-s 60 --to-s 120').options.profile).toEqual({
      ...{ kind: 'trace', file: 't.csv', meanRate: 500, speedup: 10, fromSeconds: 60, toSeconds: 120 },
    })
  })

  test('takes four times the rate as the peak unless told', () => {
    expect(parse('--profile ramp --rate 50').options.profile).toEqual({ kind: 'ramp', rate: 50, peak: 200 })
    expect(parse('--profile sine').options.profile).toEqual({
      kind: 'sine',
      rate: 1000,
      peak: 4000,
      periodSeconds: null,
    })
  })

  test.each([
    ['--rate fast', '--rate'],
    ['--rate -1', 'a number from 0'],
    ['--rate 0', '--rate must be above 0'],
    ['--batch 1.5', 'a whole number from 1 to 10000'],
    ['--batch 0', '--batch'],
    ['--poison 2', 'from 0 to 1'],
    ['--profile burst', 'one of constant, step'],
    ['--pipeline clicks', 'one of bids, llm-usage'],
    ['--url ftp://x', 'an http or https URL'],
    ['--run-id a/b', 'letters, digits'],
    ['--profile trace', 'needs --trace FILE'],
    ['--profile constant --trace t.csv', '--trace has no effect with --profile constant'],
    ['--peak 10', '--peak has no effect with --profile constant'],
    ['--trace t.csv --rate 10', '--rate has no effect with --profile trace'],
    ['--profile step --spike-seconds 3', '--spike-seconds has no effect'],
    ['--profile spike --seconds 60 --spike-seconds 41', '--spike-seconds 41 is more than the 40 s'],
    ['--speed 3', "Unknown option '--speed'"],
    ['extra', 'Too many arguments'],
    ['--seed', 'argument missing'],
  ])('%s is refused with a message that names it', (line, message) => {
    expect(ask(line)).toEqual({ kind: 'wrong', message: expect.stringContaining(message) })
  })

  test('--help names every option with its default', () => {
    const asked = parseLoadArguments(['--help'])
    const help = asked.kind === 'text' ? asked.text.replace(/\s+/g, ' ') : ''
    for (const { long } of loadFlags()) expect(help).toContain(long)
    for (const text of ['(default: 4 x rate)', '(default: 100)', '(default: 30)', 'Exit code'])
      expect(help).toContain(text)
  })
})

describe('the progress line', () => {
  const progress = {
    ...{
      elapsedMs: 2000,
      scheduled: 3000,
      sent: 2900,
      accepted: 2800,
      refusals429: 4,
      retries: 3,
      failed: 0,
      lagMs: 1.25,
    },
    lastRefusal: '429 busy',
  }

  test('shows rates since the last one, what waits, and why a request was refused last', () => {
    const before = { ...progress, elapsedMs: 1000, scheduled: 1000, accepted: 900, refusals429: 0 }
    expect(progressLine(progress, before)).toBe(
      '   2 s  in 2000/s  accepted 1900/s  waiting 100  refused 4 (retries 3)  lag 1.3 ms  last: 429 busy',
    )
  })

  test('shows failures only when there are some, and an old refusal no more', () => {
    expect(progressLine({ ...progress, failed: 5 }, progress)).toBe(
      '   2 s  in 0/s  accepted 0/s  waiting 100  refused 4 (retries 3)  lag 1.3 ms  failed 5',
    )
  })
})
