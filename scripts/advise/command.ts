/** `npm run advise`: what bursting would have changed for a job that is watched, without touching it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FlinkUnread } from '../../flink/rest/flink-rest'
import { whenInterrupted } from '../processes/interrupted'
import { type Advice, adviceFor, type Watched } from './advice'
import { adviceHtml, adviceSvg } from './advice-plot'
import { adviceText } from './advice-text'
import { CannotAdvise } from './cannot-advise'
import { type AdviseCommand, parseAdviseArguments } from './cli'
import { sum, traceOf } from './observation'
import { watchPrometheus } from './prometheus'
import { watchFlink } from './watch-flink'

type Run = Extract<AdviseCommand, { kind: 'run' }>

const say = (text: string) => void process.stderr.write(`${text}\n`)
const show = (text: string) => void process.stdout.write(`${text}\n`)

async function main(): Promise<number> {
  const command = parseAdviseArguments(process.argv.slice(2), process.env)
  switch (command.kind) {
    case 'text':
      process.stdout.write(command.text)
      return 0
    case 'wrong':
      say(command.message)
      return 2
    case 'run':
      return advise(command)
  }
}

async function advise(command: Run): Promise<number> {
  const { terms, isJson, traceFile } = command
  const watched = await watchedBy(command)
  if (sum(watched.seen.arrived) < 1) {
    throw new CannotAdvise('nothing_seen', 'no event came in that time: watch a time in which some do', true)
  }
  await write(traceFile, traceOf(watched.seen))
  const advice = adviceFor(watched, terms, say)
  const text = adviceText(advice)
  await draw(command, advice, text)
  show(isJson ? JSON.stringify(advice, null, 2) : `\n${text}`)
  say(`The load is kept as a rate trace in ${traceFile}: npm run simulate -- --trace ${traceFile} --base N`)
  return advice.answer === null ? 1 : 0
}

/** The first interrupt ends the watch, the second one everything. */
async function watchedBy({ source, forMs }: Run): Promise<Watched> {
  if (source.kind === 'prometheus') return watchPrometheus(source, forMs, Date.now(), say)
  const stop = new AbortController()
  void whenInterrupted().then(() => {
    stop.abort()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  })
  return watchFlink(source, forMs, stop.signal, say)
}

async function draw({ plotFile }: Run, advice: Advice, text: string): Promise<void> {
  if (plotFile === null) return
  await write(plotFile, plotFile.endsWith('.html') ? adviceHtml(advice, text) : adviceSvg(advice))
  say(`Drawn: ${plotFile}`)
}

async function write(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  } catch (error) {
    throw new CannotAdvise('cannot_write', `${file} cannot be written (${(error as Error).message})`, false)
  }
}

function explain(error: unknown): number {
  if (!(error instanceof CannotAdvise || error instanceof FlinkUnread)) throw error
  const again = error.retryable ? ' Asking again may help.' : ''
  say(`There is no advice (${error.code}): ${error.message}.${again}`)
  return 1
}

main()
  .catch(explain)
  .then((code) => process.exit(code))
