import { type ChildProcess, spawn } from 'node:child_process'
import { forEachLine } from './log-lines'

export interface InstanceSpec {
  readonly bootstrapFile: string
  readonly taskRoot: string
  readonly memoryMegabytes: number
  readonly timeoutMs: number
  readonly environment: Readonly<Record<string, string>>
  readonly onLogLine: (line: string) => void
}

/** Starts the process of one instance. Its memory is limited like on AWS: a function that needs more than it has ends, and only that function. */
export function startProcess(spec: InstanceSpec): ChildProcess {
  const child = spawn(process.execPath, [`--max-old-space-size=${spec.memoryMegabytes}`, spec.bootstrapFile], {
    cwd: spec.taskRoot,
    env: spec.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  forEachLine(child.stdout, spec.onLogLine)
  forEachLine(child.stderr, spec.onLogLine)
  return child
}
