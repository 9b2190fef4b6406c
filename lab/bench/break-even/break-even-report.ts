import { markdownTable, paragraphs, percent, whole } from '../../../scripts/command-line/markdown'
import { type MustHold, mustHold } from '../../../scripts/command-line/must-hold'
import { COLOURS, drawSvg, type Figure } from '../../../scripts/plots/plot'
import type { Rendering } from '../bench'

/**
 * What `map` does with an event: microseconds of processor time, or ms of waiting for a service that serves four at
 * once.
 */
export type MapCost = { readonly burnUs: number } | { readonly waitMs: number }

export interface BreakEvenCase {
  readonly cost: MapCost
  /** Events/s of the steady load. */
  readonly rate: number
  /**
   * Processor time an event in microseconds: taken in and logged alone, and that with folding, and with diverting
   * instead.
   */
  readonly ingestUs: number
  readonly atEdgeUs: number
  readonly divertedUs: number
  /**
   * In mode auto, with a queue over its limit all the time: the share that was burst, and what the controller went by.
   */
  readonly auto: {
    readonly burstShare: number
    readonly foldUs: number
    readonly divertUs: number
    readonly reason: string
  }
}

export interface BreakEvenFigures {
  readonly seconds: number
  readonly cases: readonly BreakEvenCase[]
}

export const SERVICE_SLOTS = 4 // of the service that a waiting map asks, see pipelines/burn.ts

/**
 * Time of the edge that an event takes when it is folded there, in microseconds: processor time, or its part of the
 * service that it waits for.
 */
export function foldUs({ cost, atEdgeUs, ingestUs }: BreakEvenCase): number {
  return 'waitMs' in cost ? (cost.waitMs * 1000) / SERVICE_SLOTS : Math.max(0, atEdgeUs - ingestUs)
}

export const divertUs = ({ divertedUs, ingestUs }: BreakEvenCase): number => Math.max(0, divertedUs - ingestUs)

const CLEARLY = 1.25 // costs closer together than this are not told apart
const LEAST_TOLD_US = 2 // nor are differences below what a busy machine adds
const MOST_PROBES = 5 // percent that may burst where it does not pay: the controller has to try now and then to know

export function renderBreakEven(figures: BreakEvenFigures): Rendering {
  return {
    markdown: markdownOf(figures),
    plots: [{ name: 'costs', svg: drawSvg(breakEvenFigure(figures)) }],
    mustHold: judgeBreakEven(figures),
  }
}

export const costText = (cost: MapCost): string =>
  'waitMs' in cost ? `${cost.waitMs} ms of waiting` : `${cost.burnUs.toLocaleString('en-US')} us of processor time`

/** Whether diverting an event spares the edge anything; null when the two costs are too close to tell. */
export function pays(one: BreakEvenCase): boolean | null {
  const [fold, divert] = [foldUs(one), divertUs(one)]
  if (Math.abs(fold - divert) < LEAST_TOLD_US) return null
  if (fold > divert * CLEARLY) return true
  return divert > fold * CLEARLY ? false : null
}

/**
 * The cost of `map`, in microseconds of processor time, from which on diverting an event is cheaper than folding it, on
 * the line between the measured costs about it. 0: at the cheapest already; null: not even at the dearest.
 */
export function breakEvenUs({ cases }: Pick<BreakEvenFigures, 'cases'>): number | null {
  const gains = cases
    .flatMap((one) => ('burnUs' in one.cost ? [{ us: one.cost.burnUs, gain: foldUs(one) - divertUs(one) }] : []))
    .toSorted((a, b) => a.us - b.us)
  const above = gains.findIndex(({ gain }) => gain > 0)
  if (above <= 0) return above === 0 ? 0 : null
  const [from, to] = [gains[above - 1]!, gains[above]!]
  return from.us + ((to.us - from.us) * -from.gain) / (to.gain - from.gain)
}

/** Bursting has to be refused where it clearly does not pay, and used where it clearly does. */
export function judgeBreakEven({ cases }: Pick<BreakEvenFigures, 'cases'>): MustHold[] {
  return cases.flatMap((one) => {
    const share = one.auto.burstShare * 100
    const verdict = pays(one)
    if (verdict === null) return []
    return verdict
      ? [mustHold(`${costText(one.cost)}: burst, where it pays`, share, 'at least', MOST_PROBES, '%')]
      : [mustHold(`${costText(one.cost)}: burst, where it does not pay`, share, 'at most', MOST_PROBES, '%')]
  })
}

function markdownOf(figures: BreakEvenFigures): string {
  const from = breakEvenUs(figures)
  const header = [
    'map costs',
    'events/s',
    'taken in us',
    'folding us',
    'diverting us',
    'pays',
    'auto bursts',
    'controller: folding us',
    'controller: diverting us',
  ]
  return paragraphs(
    '# Break-even: folding an event at the edge, or diverting it',
    `Processor time of the edge process an event under a steady load in large requests, folding (mode \`never\`) and diverting (mode \`always\`) by turns of ${figures.seconds} s in one process, medians. ` +
      'Taken in: accepted and logged, with a map that does not answer; folding and diverting are what comes on top of that. A map that waits takes more of the edge than processor time: its part of the service.',
    fromText(from),
    'Auto bursts: the share that mode `auto` bursts when every batch is late (limit 1 ms), once it has learned both costs.',
    markdownTable(header, figures.cases.map(row)),
    ...figures.cases
      .filter((one) => pays(one) === false)
      .map(({ cost, auto }) => `${costText(cost)}: the controller says "${auto.reason}".`),
  )
}

function fromText(us: number | null): string {
  if (us === null) return '**Diverting is not cheaper than folding at any of these costs.**'
  if (us === 0) return '**Diverting is cheaper than folding at all of these costs.**'
  return `**Diverting is cheaper than folding from about ${us < 10 ? us.toFixed(1) : whole(us)} us of processor time in \`map\` on.**`
}

function row(one: BreakEvenCase): string[] {
  const verdict = pays(one)
  return [
    costText(one.cost),
    whole(one.rate),
    ...[one.ingestUs, foldUs(one), divertUs(one)].map((us) => us.toFixed(1)),
    verdict === null ? 'about even' : verdict ? 'yes' : 'no',
    percent(one.auto.burstShare),
    ...[one.auto.foldUs, one.auto.divertUs].map((us) => us.toFixed(1)),
  ]
}

export function breakEvenFigure({ cases }: BreakEvenFigures): Figure {
  const burning = cases.flatMap((one) => ('burnUs' in one.cost ? [{ one, burnUs: one.cost.burnUs }] : []))
  const line = (value: (one: BreakEvenCase) => number) =>
    burning.map(({ one, burnUs }) => [burnUs, value(one)] as const)
  return {
    title: 'What an event costs the edge',
    subtitle: 'processor time on top of taking it in, by what map costs; both axes logarithmic',
    x: 'processor time of map (us an event)',
    isLogX: true,
    columns: 1,
    width: 760,
    panelHeight: 360,
    panels: [
      {
        title: 'folding and diverting',
        y: 'us an event',
        isLog: true,
        lines: [
          { name: 'folded at the edge', colour: COLOURS.edge, hasDots: true, points: line(foldUs) },
          {
            name: 'diverted to the cloud',
            colour: COLOURS.burst,
            hasDots: true,
            style: 'dashed',
            points: line(divertUs),
          },
        ],
      },
    ],
  }
}
