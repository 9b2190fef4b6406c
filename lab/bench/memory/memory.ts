import { join } from 'node:path'
import type { Command } from 'commander'
import { markdownTable, paragraphs, whole } from '../../../scripts/command-line/markdown'
import { mustHold } from '../../../scripts/command-line/must-hold'
import { FORMS, type Form, type MeasuredName } from '../aggregates'
import type { Bench } from '../bench'
import { inAProcess } from '../in-a-process'
import { Progress } from '../progress'
import { EVENTS_A_KEY } from './memory-process'

const PROGRAM = join(__dirname, 'memory-process.ts')
const MEASURED: readonly MeasuredName[] = ['count, sum, max', 'mean', 'quantile', 'distinct']
const SIZES = [100_000, 1_000_000]
const HEAP_MEGABYTES = 6_000 // for a million keys with sketches as objects, which the must-hold table does not ask for
const ESTIMATE_MS = 5_000 // of one process
const MOST_BYTES = 100

interface MemoryOptions {
  readonly quick: boolean
}

interface MemoryFigure {
  readonly aggregates: MeasuredName
  readonly keys: number
  readonly form: Form
  readonly bytesAKey: number
}

interface MemoryFigures {
  readonly bytes: readonly MemoryFigure[]
}

export const memory: Bench<MemoryOptions, MemoryFigures> = {
  name: 'memory',
  description: 'bytes that the states of a key take, for 100,000 and 1,000,000 keys in a window',
  options: (command: Command) => command.option('--quick', '100,000 keys only, in half a minute', false),
  measure: async ({ quick }, say) => {
    const runs = (quick ? SIZES.slice(0, 1) : SIZES).flatMap((keys) =>
      MEASURED.flatMap((aggregates) => FORMS.map((form) => ({ aggregates, keys, form }))),
    )
    const label = ({ aggregates, keys, form }: (typeof runs)[number]) => `${aggregates}, ${whole(keys)} keys, ${form}`
    const progress = new Progress(
      runs.map((run) => ({ label: label(run), estimateMs: ESTIMATE_MS })),
      say,
    )
    const options = ['--expose-gc', `--max-old-space-size=${HEAP_MEGABYTES}`]
    const bytes: MemoryFigure[] = []
    for (const run of runs) {
      const args = [run.aggregates, run.keys, run.form]
      bytes.push({ ...run, bytesAKey: await progress.next(() => inAProcess<number>(PROGRAM, args, options)) })
    }
    return { bytes }
  },
  render: ({ bytes }) => ({
    markdown: paragraphs(
      '# Memory',
      `Bytes that a key takes in a window, without the text of the key: the heap and the buffers of typed arrays, after a collection, in a process of its own. Each key has ${EVENTS_A_KEY} events, of different prices and bidders. "As objects" are the same aggregates as users' own would be kept.`,
      markdownTable(
        ['aggregates', 'keys', 'bytes a key', 'as objects'],
        bytes
          .filter(({ form }) => form === 'cells')
          .map(({ aggregates, keys, bytesAKey }) => [
            aggregates,
            whole(keys),
            whole(bytesAKey),
            whole(bytesOf(bytes, aggregates, keys, 'objects')),
          ]),
      ),
    ),
    plots: [],
    mustHold: SIZES.filter((keys) => bytes.some((figure) => figure.keys === keys)).map((keys) =>
      mustHold(
        `bytes a key of count, sum and max, ${whole(keys)} keys`,
        bytesOf(bytes, 'count, sum, max', keys, 'cells'),
        'at most',
        MOST_BYTES,
        'bytes',
      ),
    ),
  }),
}

function bytesOf(figures: readonly MemoryFigure[], aggregates: MeasuredName, keys: number, form: Form): number | null {
  return (
    figures.find((figure) => figure.aggregates === aggregates && figure.keys === keys && figure.form === form)
      ?.bytesAKey ?? null
  )
}
