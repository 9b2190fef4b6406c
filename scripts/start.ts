import { writeFile } from 'node:fs/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import pc from 'picocolors'
import { ensurePackaged } from '../localstack/package'
import type { Stoppable } from './start/child'
import { printReport } from './start/print-report'
import { type RunOptions, run } from './start/run'

interface Options extends RunOptions {
  readonly once: boolean
  readonly report?: string
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.')
  return value
}

function options(): Options {
  return new Command('start')
    .description(
      'Starts the embedded cloud and an edge node, sends a load with a spike, and checks that every window is exact.',
    )
    .option('--once', 'exit after the report: 0 only when it balances', false)
    .option('--report <file>', 'write the report (JSON) here')
    .addOption(new Option('--pipeline <name>', 'pipeline to run').choices(['bids', 'llm-usage']).default('bids'))
    .addOption(
      new Option('--transport <way>', 'how envelopes reach the functions')
        .choices(['kinesis', 'invoke'])
        .default('kinesis'),
    )
    .option('--port <port>', 'port of the edge node; 0 takes a free one', '7070')
    .option('--seconds <n>', 'length of the load', positive, 60)
    .option('--base <share>', 'base rate, as a share of the measured capacity', positive, 0.5)
    .option('--peak <share>', 'rate of the spike, as a share of the measured capacity', positive, 4)
    .option('--spike-seconds <n>', 'length of the spike, which begins at a third of the run', positive, 20)
    .option('--trace <file>', 'replay a rate trace (start_s,events) instead of the spike')
    .option('--speedup <n>', 'compresses the time of the trace', positive, 1)
    .option('--mean <share>', 'mean rate of the trace, as a share of the measured capacity', positive, 0.5)
    .option('--poison <share>', 'share of bids that the pipeline cannot fold', positive, 0)
    .option('--seed <n>', 'seed of the generated events', positive, 1)
    .option('--data-dir <folder>', 'folder for the log and the results; emptied first', '.spillway/demo')
    .parse()
    .opts<Options>()
}

const say = (text: string) => process.stdout.write(`${text}\n`)

async function main(): Promise<number> {
  const chosen = options()
  const children: Stoppable[] = []
  const interrupted = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  try {
    const finished = ensurePackaged().then(() => run(chosen, children, say))
    const outcome = await Promise.race([finished, interrupted.then(() => null)])
    if (outcome === null) return 130
    say(printReport(outcome.report))
    if (outcome.differences !== null) say(pc.red(outcome.differences))
    if (chosen.report !== undefined) await writeFile(chosen.report, `${JSON.stringify(outcome.report, null, 2)}\n`)
    if (!chosen.once) {
      say(`The edge node keeps serving at ${outcome.url} (try ${outcome.url}/v1/windows?limit=3). Ctrl-C stops it.`)
      await interrupted
    }
    return outcome.report.balanced ? 0 : 1
  } finally {
    for (const child of children.reverse()) await child.stop()
  }
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(pc.red(`The run failed: ${error instanceof Error ? error.message : error}`))
    process.exitCode = 1
  },
)
