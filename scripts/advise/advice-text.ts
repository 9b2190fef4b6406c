import { tableOf } from '../simulate/table'
import type { Advice, Answer } from './advice'
import type { Capacity } from './capacity'

const HOURS_A_MONTH = 730
const SIZING = 'docs/how-to/size-the-base-machine.md'

/** The advice as a person reads it. */
export function adviceText(advice: Advice): string {
  const { answer, where } = advice
  const parts = [
    `${where}\n`,
    ...rowsOf(advice).map(([name, text]) => `  ${name.padEnd(10)}${text}`),
    '',
    ...(answer === null ? [noAnswer(advice)] : [simulated(answer), '', verdictText(advice, answer)]),
    '',
    notes(advice)
      .map((note) => `- ${note}`)
      .join('\n'),
  ]
  return parts.join('\n')
}

function rowsOf(advice: Advice): [name: string, text: string][] {
  const { events, seconds, meanRate, peakRate, mostWaiting, busiest, capacity, binSeconds } = advice
  return [
    ['watched', `${lengthOf(seconds)}, in bins of ${lengthOf(binSeconds)}`],
    ['arrived', `${whole(events)} events: ${rate(meanRate)} on average, ${rate(peakRate)} in the fullest bin`],
    [
      'waiting',
      mostWaiting === null ? 'nothing tells' : `at most ${whole(mostWaiting)} events${workOf(mostWaiting, capacity)}`,
    ],
    ['busy', busiest === null ? 'nothing tells' : `at most ${percent(busiest)} of the time of its busiest part`],
    ['capacity', capacityText(capacity)],
  ]
}

const workOf = (events: number, capacity: Capacity) =>
  capacity.kind === 'unknown' ? '' : `, ${(events / capacity.perSecond).toFixed(1)} s of work`

function capacityText(capacity: Capacity): string {
  switch (capacity.kind) {
    case 'given':
      return `${rate(capacity.perSecond)}, as given by --base`
    case 'while-waiting':
      return `${rate(capacity.perSecond)}: what it took in the ${lengthOf(capacity.seconds)} in which events waited`
    case 'by-busy-time':
      return `${rate(capacity.perSecond)}, a guess: events over busy time, and it was never seen at its limit`
    case 'unknown':
      return `cannot be told: at least ${rate(capacity.atLeast)}, which it took`
  }
}

function noAnswer({ capacity }: Advice): string {
  const least = capacity.kind === 'unknown' ? Math.ceil(capacity.atLeast) : 0
  return [
    'NO ANSWER: nothing waited for long, and the job does not say that it was busy for much of its time, so nothing shows',
    'what it can take at most. Watch it through a time of high load, or give what you know: --base EVENTS_PER_SECOND.',
    `It is at least ${whole(least)}; if it is that, or more, this load has never been too much for it.`,
  ].join('\n')
}

function simulated({ policies, latencyTargetMs, base, assumptions }: Answer): string {
  const { cloud, laneRate } = assumptions
  const lanes = cloud.transport === 'invoke' ? cloud.parallelization : cloud.shards * cloud.parallelization
  const way = `up to ${lanes} functions by ${cloud.transport}, each of ${rate(laneRate)}`
  return `The same load on a base of ${rate(base)}, simulated; target ${whole(latencyTargetMs)} ms; ${way}:\n\n${tableOf(policies)}`
}

function verdictText(advice: Advice, answer: Answer): string {
  const text = verdictIfSo(advice, answer)
  return advice.capacity.kind === 'by-busy-time' ? `IF IT TAKES ${rate(answer.base)}, WHICH IS A GUESS: ${text}` : text
}

function verdictIfSo({ meanRate }: Advice, answer: Answer): string {
  const [bursting, asItIs, , machines] = answer.policies as [Figures, Figures, Figures, Figures]
  const share = percent(bursting.burst / Math.max(1, bursting.accepted))
  const delays = `p99 ${whole(bursting.processingDelayMs.p99)} ms in place of ${whole(asItIs.processingDelayMs.p99)} ms`
  const usd = bursting.usdPerHourParts.burst + bursting.usdPerHourParts.stream
  const price = `${dollars(usd)} an hour, ${dollars(usd * HOURS_A_MONTH)} a month if every hour is like these`
  const more = machines.usdPerHour - asItIs.usdPerHour
  const compared = more < usd ? 'less' : 'more'
  const instead = `Machines for the peak would cost ${dollars(more)} an hour more than those of today, which is ${compared} than bursting.`
  switch (answer.verdict) {
    case 'enough':
      return `NO NEED: ${percent(1 - asItIs.overTarget)} of the events are within the target as it is.`
    case 'helps':
      return `BURSTING WOULD HELP: ${share} of the events would have burst, in ${spells(bursting)}; ${delays}, for ${price}.\n${instead}`
    case 'too-small':
      return `THE BASE IS TOO SMALL: ${share} of the events would have burst (on average ${rate(meanRate)} come, and it takes ${rate(answer.base)}): ${delays}, for ${price}.\n${instead} \`spillway simulate --plan\` finds the cheapest base: ${SIZING}.`
    case 'hardly':
      return `BURSTING WOULD HARDLY HELP: ${delays}, for ${price}.\n${instead}`
  }
}

type Figures = Answer['policies'][number]

const spells = ({ overloads }: Figures) => `${overloads} time${overloads === 1 ? '' : 's'} of overload`

/** What a reader has to know to trust it. */
function notes({ secondsUnseen, binSeconds, seen, capacity, answer }: Advice): string[] {
  const hasWaiting = seen.waiting.some((waiting) => waiting !== null)
  return [
    `Spikes shorter than ${lengthOf(binSeconds)} are evened out: they may be worse than they look here.`,
    ...(hasWaiting ? [] : ['What waits is not known: under back-pressure less seems to come than does.']),
    ...(secondsUnseen > 0 ? [`Of ${lengthOf(secondsUnseen)} nothing is known: a restart, or no figures.`] : []),
    ...(capacity.kind === 'by-busy-time'
      ? [
          'Waiting for other services is not busy time, and events that wait inside the job do not show: if it has asynchronous operators, it takes less than that. Give --base.',
        ]
      : []),
    ...(answer === null
      ? []
      : [
          'Assumed: a function does the work of one lane at that rate (--lane-rate), and events of that size (--event-bytes).',
        ]),
  ]
}

const whole = (value: number) => Math.round(value).toLocaleString('en-US')
const rate = (perSecond: number) => `${perSecond < 10 ? perSecond.toFixed(1) : whole(perSecond)} events/s`
const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const dollars = (value: number) => `$${value.toFixed(value < 1 ? 4 : 2)}`

/** `7,200` as `2 h`. */
export function lengthOf(seconds: number): string {
  const [size, unit] = UNITS.find(([size]) => seconds >= 2 * size || seconds === size) ?? [1, 's']
  return `${Number((seconds / size).toFixed(1))} ${unit}`
}

const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
] as const
