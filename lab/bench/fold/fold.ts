import { join } from 'node:path'
import type { Command } from 'commander'
import { markdownTable, paragraphs, whole } from '../../../scripts/command-line/markdown'
import { mustHold } from '../../../scripts/command-line/must-hold'
import type { Bench } from '../bench'
import { inAProcess } from '../in-a-process'
import { median } from '../statistics'
import { type FoldFigure, WARM_UPS } from './fold-process'

const PROGRAM = join(__dirname, 'fold-process.ts')
const ROUNDS = 9
const QUICK_ROUNDS = 3
const MOST_OF_PLAIN = 2 // times what a plain sum takes, with the key that both look up

interface FoldOptions {
  readonly quick: boolean
}

interface FoldFigures {
  readonly rounds: number
  readonly measured: readonly FoldFigure[]
}

export const fold: Bench<FoldOptions, FoldFigures> = {
  name: 'fold',
  description: 'nanoseconds an event of each aggregate, and of whole folds without a map, beside naive ones',
  options: (command: Command) => command.option('--quick', 'three rounds in place of nine', false),
  measure: async ({ quick }, say) => {
    const rounds = quick ? QUICK_ROUNDS : ROUNDS
    say(`Adding and folding in ${rounds} rounds, on one processor; about ${Math.ceil((rounds + WARM_UPS) / 6)} min ...`)
    return { rounds, measured: await inAProcess<FoldFigure[]>(PROGRAM, [rounds], []) }
  },
  render: ({ rounds, measured }) => ({
    markdown: paragraphs(
      '# Fold',
      `Nanoseconds of processor time an event, the middle of ${rounds} rounds in which all ways take turns. "Add" is a sum alone where its place is known: naive is \`+=\`. An aggregate by its name is a key looked up and a value added; naive is the same for a plain sum. \`hot\` and \`bids\` are folds of envelopes of 1,000 lines, without the \`map\` of \`bids\`: naive parses a line, looks up its key and adds to plain numbers, and has no tallies, panes or limits. "As objects" are states as users' own aggregates have them.`,
      markdownTable(['what', 'keys', 'ns', 'as objects', 'naive', 'over naive'], tableOf(measured)),
    ),
    plots: [],
    mustHold: [...new Set(measured.map(({ keys }) => keys))].map((keys) =>
      mustHold(
        `a key and its exact sum over a key and its plain sum, ${whole(keys)} keys`,
        overNaive(measured, 'sum', keys),
        'at most',
        MOST_OF_PLAIN,
        'x',
      ),
    ),
  }),
}

function tableOf(measured: readonly FoldFigure[]): string[][] {
  return measured
    .filter(({ how }) => how === 'cells')
    .map(({ what, keys }) => [
      what,
      whole(keys),
      ns(nsOf(measured, what, keys, 'cells')),
      ns(nsOf(measured, what, keys, 'objects')),
      ns(nsOf(measured, what, keys, 'naive')),
      overNaive(measured, what, keys)?.toFixed(2) ?? '-',
    ])
}

const ns = (value: number | null) => value?.toFixed(1) ?? '-'

function nsOf(
  measured: readonly FoldFigure[],
  what: FoldFigure['what'],
  keys: number,
  how: FoldFigure['how'],
): number | null {
  const figure = measured.find((each) => each.what === what && each.keys === keys && each.how === how)
  return median(figure?.roundsNs ?? [])
}

/** The middle of the ratios of each round, in which both had the same machine. */
function overNaive(measured: readonly FoldFigure[], what: FoldFigure['what'], keys: number): number | null {
  const roundsOf = (how: FoldFigure['how']) =>
    measured.find((each) => each.what === what && each.keys === keys && each.how === how)?.roundsNs ?? []
  const naive = roundsOf('naive')
  return median(roundsOf('cells').flatMap((cells, round) => (naive[round] ? [cells / naive[round]] : [])))
}
