import type { Figures } from './figures'
import type { Scenario } from './scenario'

type Column = readonly [title: string, cell: (figures: Figures) => string]

const whole = (value: number) => Math.round(value).toLocaleString('en-US')
const share = (value: number | null) => (value === null ? '-' : `${(value * 100).toFixed(2)} %`)
const usd = (value: number) => `$${value.toFixed(4)}`

const COLUMNS: readonly Column[] = [
  ['policy', ({ name }) => name],
  ['p50 ms', ({ processingDelayMs }) => whole(processingDelayMs.p50)],
  ['p99 ms', ({ processingDelayMs }) => whole(processingDelayMs.p99)],
  ['max ms', ({ processingDelayMs }) => whole(processingDelayMs.max)],
  ['over target', ({ overTarget }) => share(overTarget)],
  ['burst', ({ burst, accepted }) => share(burst / accepted)],
  ['precision', ({ precision }) => share(precision)],
  ['reaction ms', ({ reactionMs }) => (reactionMs === null ? '-' : whole(reactionMs))],
  ['flaps', ({ flaps }) => whole(flaps)],
  ['$/h', ({ usdPerHour }) => usd(usdPerHour)],
  ['machines', ({ usdPerHourParts }) => usd(usdPerHourParts.machines)],
  ['burst $', ({ usdPerHourParts }) => usd(usdPerHourParts.burst)],
  ['stream $', ({ usdPerHourParts }) => usd(usdPerHourParts.stream)],
  ['of static', ({ usdAgainstStatic }) => share(usdAgainstStatic)],
]

/** The figures as a person reads them, a policy a line. */
export function tableOf(all: readonly Figures[]): string {
  return aligned([COLUMNS.map(([title]) => title), ...all.map((figures) => COLUMNS.map(([, cell]) => cell(figures)))])
}

/** Rows of cells as lines; the first column is text, the others are figures. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ')
  return rows.map(line).join('\n')
}

/** What was simulated, in a few lines. */
export function heading(scenario: Scenario): string {
  const { base, demand, cloud, given, terms } = scenario
  const way =
    cloud.transport === 'invoke'
      ? `${cloud.parallelization} calls side by side`
      : `${cloud.shards} shard(s) x ${cloud.parallelization}, ${cloud.stream}, ${cloud.consumer}`
  const least = demand.leastOverflow
  return [
    loadLine(scenario),
    `Base: ${whole(base)} events/s; ${machineText(scenario)}`,
    `Cloud by ${cloud.transport}: ${way}; a function folds ${whole(given.laneRate)} events/s. Target: ${whole(terms.latencyTargetMs)} ms.`,
    `At least ${whole(least)} events (${share(least / eventsOf(scenario))}) have to be diverted for the target, in ${demand.overloads.length} overload(s).`,
  ].join('\n')
}

/** What is the same for each base and way of a plan. */
export const planHeading = (scenario: Scenario): string =>
  `${loadLine(scenario)}\nA function folds ${whole(scenario.given.laneRate)} events/s; ${machineText(scenario)}`

function loadLine(scenario: Scenario): string {
  const { curve, demand } = scenario
  const hours = curve.times[curve.times.length - 1]! / 3_600_000
  const events = eventsOf(scenario)
  return `${whole(events)} events in ${hours.toFixed(2)} h: ${whole(events / hours / 3600)} events/s on average, ${whole(demand.peakRate)} at the peak.`
}

const machineText = ({ given }: Scenario) =>
  `a base machine folds ${whole(given.machineRate)} and costs ${usd(given.machineUsdPerHour)} an hour, bought by the fraction.`

const eventsOf = ({ curve }: Scenario) => curve.counts[curve.counts.length - 1]!
