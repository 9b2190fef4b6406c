import { type ChildProcess, spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { forEachLine } from './log-lines'

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
