import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'

/** A Java program in a process of its own. */
export interface JavaProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  /** Resolves with the exit code. */
  readonly ended: Promise<number>
  /** Ends it without a word, as a crash would. */
  kill(): void
  /** Asks it to end and waits until it has. */
  stop(): Promise<void>
}

export interface JavaProgram {
  /** Folders and jars, joined by colons. */
  readonly classpath: string
  readonly main: string
  readonly args: readonly string[]
  /** Heap, properties and what else goes to the virtual machine. */
  readonly options?: readonly string[]
  /** File for what it prints as errors, and for its output too when `keepOutput` is not set. */
  readonly logFile: string
  readonly keepOutput?: boolean
}

const STOP_TIMEOUT_MS = 10_000 // then it is killed: nothing may be left behind

/** Starts a Java program; it ends with this process at the latest. */
export function startJava({
  classpath,
  main,
  args,
  options = [],
  logFile,
  keepOutput = false,
}: JavaProgram): JavaProcess {
  const log = openSync(logFile, 'a')
  const command = [...options, '-cp', classpath, main, ...args]
  const stdio = ['pipe', keepOutput ? 'pipe' : log, log] as const
  const child = spawn('java', command, { stdio: [...stdio] }) as ChildProcessByStdio<Writable, Readable, null>
  const exit = once(child, 'exit') as Promise<[number | null]>
  child.stdin.on('error', () => undefined) // it has ended; its exit code tells
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = exit.then(([code]) => {
    process.off('exit', kill)
    return code ?? 1
  })
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended,
    kill,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const timer = setTimeout(kill, STOP_TIMEOUT_MS)
      await ended
      clearTimeout(timer)
    },
  }
}
