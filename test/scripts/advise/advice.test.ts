import { describe, expect, test } from '@jest/globals'
import { type Advice, adviceFor } from '../../../scripts/advise/advice'
import { adviceHtml, adviceSvg } from '../../../scripts/advise/advice-plot'
import { adviceText, lengthOf } from '../../../scripts/advise/advice-text'
import { parseAdviseArguments } from '../../../scripts/advise/cli'
import type { Observation } from '../../../scripts/advise/observation'

const silent = () => undefined

function termsOf(...args: readonly string[]) {
  const command = parseAdviseArguments(['--flink', 'http://x', ...args], {})
  if (command.kind !== 'run') throw new Error(JSON.stringify(command))
  return command.terms
}

/** Minutes of a load in bins of ten seconds, at such rates; nothing waits and nothing tells what is busy. */
function seenAt(rates: readonly number[], more: Partial<Observation> = {}): Observation {
  const arrived = rates.map((perSecond) => perSecond * 10)
  const nothing = rates.map(() => null)
  return {
    ...{ binSeconds: 10, arrived, taken: arrived, waiting: nothing, busy: nothing, isGap: rates.map(() => false) },
    ...more,
  }
}

const advise = (seen: Observation, ...args: readonly string[]): Advice =>
  adviceFor({ where: 'a job', subtasks: 2, seen }, termsOf(...args), silent)

const CALM = Array.from({ length: 30 }, () => 500)
const SPIKE = CALM.map((perSecond, bin) => (bin === 12 || bin === 13 ? 4_000 : perSecond))

const overloaded = advise(seenAt(SPIKE), '--base', '1000')

describe('the answer', () => {
  test('is that bursting helps where a spike is over what the job can take', () => {
    const { answer, capacity } = overloaded
    expect(capacity.kind).toBe('given')
    expect(answer!.verdict).toBe('helps')
    const [bursting, asItIs] = answer!.policies
    expect([bursting!.name, asItIs!.name]).toEqual(['spillway', 'none'])
    expect(bursting!.burst).toBeGreaterThan(40_000)
    expect(bursting!.processingDelayMs.p99 * 10).toBeLessThan(asItIs!.processingDelayMs.p99)
  })

  test('is that there is no need where the job has room', () => {
    expect(advise(seenAt(CALM), '--base', '1000').answer!.verdict).toBe('enough')
  })

  test('is that the base is too small where most would burst', () => {
    const { answer } = advise(seenAt(CALM.slice(20).map(() => 4_000)), '--base', '1000')
    expect(answer!.verdict).toBe('too-small')
  })

  test('is none where nothing shows what the job can take, and says how to get one', () => {
    const advice = advise(seenAt(CALM))
    expect(advice.answer).toBeNull()
    expect(adviceText(advice)).toMatch(/NO ANSWER.*--base EVENTS_PER_SECOND.*at least 500/s)
  })

  test('takes a function for a subtask of the job, and says so', () => {
    expect(overloaded.answer!.assumptions.laneRate).toBe(500)
    expect(advise(seenAt(CALM), '--base', '1000', '--lane-rate', '80').answer!.assumptions.laneRate).toBe(80)
    expect(adviceText(overloaded)).toMatch(/functions by kinesis, each of 500 events\/s.*Assumed: .*--lane-rate/s)
  })

  test('goes on after the load until what waited is done', () => {
    const { asItIs, bursting, policies } = overloaded.answer!
    expect(Math.max(...asItIs.queueDelayMs)).toBeGreaterThan(50_000)
    expect(Math.max(...bursting.queueDelayMs)).toBeLessThan(1_000)
    expect(bursting.burst.reduce((sum, events) => sum + events, 0)).toBe(policies[0]!.burst)
  })
})

describe('the text', () => {
  test('says what was seen, how the capacity is known, and what bursting would have changed and cost', () => {
    const waiting = SPIKE.map((_, bin) => (bin >= 12 && bin < 20 ? 30_000 : 0))
    const taken = SPIKE.map((perSecond, bin) => (bin >= 12 && bin < 21 ? 1_000 : perSecond) * 10)
    const text = adviceText(advise(seenAt(SPIKE, { waiting, taken })))
    expect(text).toMatch(/arrived +220,000 events/)
    expect(text).toMatch(/waiting +at most 30,000 events, 30\.0 s of work/)
    expect(text).toMatch(/capacity +1,000 events\/s: what it took in the 70 s in which events waited/)
    expect(text).toMatch(/BURSTING WOULD HELP: \d+\.\d % of the events would have burst, in 1 time of overload; p99/)
    expect(text).toMatch(/\$\d+\.\d+ an hour, \$\d+\.\d+ a month/)
  })

  test('says that it does not know what waits, and that a rate by busy time may be too high', () => {
    const text = adviceText(advise(seenAt(SPIKE, { busy: SPIKE.map((perSecond) => perSecond / 5_000) })))
    expect(text).toMatch(/What waits is not known/)
    expect(text).toMatch(/IF IT TAKES 5,000 events\/s, WHICH IS A GUESS: /)
    expect(text).toMatch(/Waiting for other services is not busy time/)
  })

  test.each([
    [1, '1 s'],
    [90, '90 s'],
    [60, '1 min'],
    [1_800, '30 min'],
    [9_000, '2.5 h'],
    [604_800, '7 d'],
  ])('has %d s as %s', (seconds, text) => {
    expect(lengthOf(seconds)).toBe(text)
  })
})

describe('the plot', () => {
  test('is an image of the load, and with an answer of the delays with and without bursting', () => {
    const svg = adviceSvg(overloaded)
    for (const title of ['the load, as seen', 'as it is', 'bursting', 'what would have burst']) {
      expect(svg).toContain(title)
    }
    expect(adviceSvg(advise(seenAt(CALM)))).not.toContain('what would have burst')
  })

  test('as a page has the text beside it, and nothing in it is taken for markup', () => {
    const advice = { ...advise(seenAt(CALM)), where: '<script>' }
    expect(adviceHtml(advice, '<script>')).not.toContain('<script>')
  })
})
