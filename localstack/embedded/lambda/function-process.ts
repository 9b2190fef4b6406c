import { type ChildProcess, spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** A function that never ends its line must not fill the cloud's memory; CloudWatch cuts at 256 KB too. */
const MAX_LINE_CHARACTERS = 256 * 1024

/** Calls `onLine` for every line of a stream; the last one needs no line break. */
export function forEachLine(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    lines.forEach(onLine)
    if (rest.length <= MAX_LINE_CHARACTERS) return
    onLine(rest)
    rest = ''
  })
  stream.on('end', () => {
    if (rest !== '') onLine(rest)
  })
}

export interface InstanceSpec {
  readonly bootstrapFile: string
  readonly taskRoot: string
  readonly memoryMegabytes: number
  readonly timeoutMs: number
  readonly environment: Readonly<Record<string, string>>
  readonly onLogLine: (line: string) => void
}

/** On AWS functions run elsewhere; here they must not take the processor from the edge node that they relieve. */
const NICENESS = 5

/**
 * Starts the process of one instance. Its memory is limited like on AWS: a function that needs more than it has ends,
 * and only that function.
 */
export function startProcess(spec: InstanceSpec): ChildProcess {
  const child = spawn(process.execPath, [`--max-old-space-size=${spec.memoryMegabytes}`, spec.bootstrapFile], {
    cwd: spec.taskRoot,
    env: spec.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.pid !== undefined) setPriority(child.pid, NICENESS)
  forEachLine(child.stdout, spec.onLogLine)
  forEachLine(child.stderr, spec.onLogLine)
  return child
}
