import { join } from 'node:path'
import type { Command } from 'commander'
import { markdownTable, paragraphs, whole } from '../../../scripts/command-line/markdown'
import { mustHold } from '../../../scripts/command-line/must-hold'
import type { Bench } from '../bench'
import { inAProcess } from '../in-a-process'
import type { MergeFigures } from './merge-process'

const PROGRAM = join(__dirname, 'merge-process.ts')
const SIZES = [1_000, 10_000, 100_000]
const HEAP_MEGABYTES = 512 // half of what the function has
const MOST_GROWTH = 1.3

type Options = Record<never, never>

/** Merging windows of very different lengths takes the same memory. */
export const merge: Bench<Options, readonly MergeFigures[]> = {
  name: 'merge',
  description: 'memory and time of the merge function for windows of 1,000 to 100,000 envelopes',
  options: (command: Command) => command,
  measure: async (_options, say) => {
    const figures: MergeFigures[] = []
    for (const envelopes of SIZES) {
      say(`Merging a window of ${whole(envelopes)} envelopes ...`)
      figures.push(await inAProcess<MergeFigures>(PROGRAM, [envelopes], [`--max-old-space-size=${HEAP_MEGABYTES}`]))
    }
    return figures
  },
  render: (figures) => ({
    markdown: paragraphs(
      '# Merge',
      `The handler of the merge function in a process of its own with a heap of ${HEAP_MEGABYTES} MB, over tables in memory that make each head when it is asked for: what DynamoDB takes comes on top. Each envelope has 1,000 bids. A window with more than one call is merged in runs.`,
      markdownTable(
        ['envelopes', 'groups of each', 'calls', 'peak MiB', 'longest call ms', 'all calls ms', 'ms an envelope'],
        figures.map(({ envelopes, groups, calls, peakMiB, longestMs, allMs }) => [
          whole(envelopes),
          whole(groups),
          whole(calls),
          whole(peakMiB),
          whole(longestMs),
          whole(allMs),
          (allMs / envelopes).toFixed(2),
        ]),
      ),
    ),
    plots: [],
    mustHold: [
      mustHold(
        'peak memory at the most envelopes, over that at the fewest',
        growthOf(figures),
        'at most',
        MOST_GROWTH,
        'x',
      ),
    ],
  }),
}

function growthOf(figures: readonly MergeFigures[]): number | null {
  const [fewest, most] = [figures[0], figures.at(-1)]
  return fewest && most ? most.peakMiB / fewest.peakMiB : null
}
