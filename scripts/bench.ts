import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import { Argument, Command } from 'commander'
import { ensurePackaged } from '../localstack/package'
import { measureRecovery } from './bench/recovery'

interface Options {
  readonly report: string
  readonly events: number
}

const say = (text: string) => process.stderr.write(`${text}\n`)

async function main(): Promise<void> {
  const command = new Command('bench')
    .description('Measures with real processes. Absolute times mean little on a shared machine; the report names it.')
    .addArgument(new Argument('<name>', 'what to measure').choices(['recovery']))
    .option('--events <n>', 'events in the log behind the checkpoint', Number, 1_000_000)
    .option('--report <file>', 'write the figures (JSON) here', 'bench/results/recovery.json')
    .parse()
  const { report, events } = command.opts<Options>()
  await ensurePackaged()
  const figures = await measureRecovery(events, say)
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version }
  const text = `${JSON.stringify({ name: 'recovery', machine, ...figures }, null, 2)}\n`
  await mkdir(dirname(report), { recursive: true })
  await writeFile(report, text)
  process.stdout.write(text)
}

void main()
