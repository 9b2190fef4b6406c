/** `spillway advise`: what bursting would have changed for a job that is watched, without touching it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FlinkUnread } from '../../flink/rest/flink-rest'
import { answer } from '../command-line/ask'
import { DONE, INTERRUPTED, NOT_DONE } from '../command-line/exit-codes'
import { type Output, printJson, TERMINAL } from '../command-line/output'
import { whenInterrupted } from '../processes/interrupted'
import { type Advice, adviceFor, type Watched } from './advice'
import { adviceHtml, adviceSvg } from './advice-plot'
import { adviceText } from './advice-text'
import { CannotAdvise } from './cannot-advise'
import { type AdviseRun, parseAdviseArguments } from './cli'
import { sum, traceOf } from './observation'
import { watchPrometheus } from './prometheus'
import { watchFlink } from './watch-flink'

/** Resolves to the exit code. */
export function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  return answer(
    parseAdviseArguments(args, process.env),
    (run) => advise(run, output).catch((error) => explain(error, output)),
    output,
  )
}

async function advise(run: AdviseRun, output: Output): Promise<number> {
  const { terms, isJson, traceFile } = run
  const say = output.err
  const watched = await watchedBy(run, say)
  if (sum(watched.seen.arrived) < 1) {
    throw new CannotAdvise('nothing_seen', 'no event came in that time: watch a time in which some do', true)
  }
  await write(traceFile, traceOf(watched.seen))
  const advice = adviceFor(watched, terms, say)
  const text = adviceText(advice)
  await draw(run, advice, text, say)
  if (isJson) printJson(output, advice)
  else output.out(`\n${text}`)
  say(`The load is kept as a rate trace in ${traceFile}: spillway simulate --trace ${traceFile} --base N`)
  return advice.answer === null ? NOT_DONE : DONE
}

/** The first interrupt ends the watch, the second one everything. */
async function watchedBy({ source, forMs }: AdviseRun, say: Output['err']): Promise<Watched> {
  if (source.kind === 'prometheus') return watchPrometheus(source, forMs, Date.now(), say)
  const stop = new AbortController()
  void whenInterrupted().then(() => {
    stop.abort()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(INTERRUPTED))
  })
  return watchFlink(source, forMs, stop.signal, say)
}

async function draw({ plotFile }: AdviseRun, advice: Advice, text: string, say: Output['err']): Promise<void> {
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

function explain(error: unknown, { err }: Output): number {
  if (!(error instanceof CannotAdvise || error instanceof FlinkUnread)) throw error
  const again = error.retryable ? ' Asking again may help.' : ''
  err(`There is no advice (${error.code}): ${error.message}.${again}`)
  return NOT_DONE
}
