import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { OWN_EXEC_ARGV, ownProgram } from '../../program/own-process'

/** Environment of processes that work with the embedded cloud; it checks no credentials. */
export const LOCAL_ENV = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
} as const

/** A program of this project in a process of its own. */
export interface Child {
  /** Of the process; undefined when it could not be started. */
  readonly pid: number | undefined
  /** Resolves with the first message that it sends; rejects when it ends before. */
  ready<Message>(): Promise<Message>
  /** Sends it a question and resolves with the next message that it sends; one question at a time. */
  ask<Answer>(question: string): Promise<Answer>
  /** Resolves with its exit code. */
  ended(): Promise<number>
  /** Sends it a signal; nothing happens when it has ended. */
  signal(name: NodeJS.Signals): void
  /** Asks it to stop (SIGTERM) and waits until it has. */
  stop(): Promise<void>
}

/** What a run leaves to its caller to end, in the reverse order. */
export type Stoppable = Pick<Child, 'stop'>

const STOP_TIMEOUT_MS = 10_000 // then it is killed: nothing may be left behind

/**
 * Starts the program `file`, named from the root as it is in the repository. Its standard error is ours unless it is
 * ignored, its standard output goes to an open file where one is given.
 */
export function startChild(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  output: number | 'ignore' = 'ignore',
  errors: 'inherit' | 'ignore' = 'inherit',
): Child {
  const child = fork(ownProgram(file.replace(/\.ts$/, '')), [...args], {
    execArgv: [...OWN_EXEC_ARGV],
    env: { ...process.env, ...env },
    stdio: ['ignore', output, errors, 'ipc'],
  })
  const exit = once(child, 'exit') as Promise<[number | null]>
  const killOnExit = () => child.kill('SIGKILL')
  process.once('exit', killOnExit)
  void exit.then(() => process.off('exit', killOnExit))
  return {
    pid: child.pid,
    ready: <Message>() => nextMessage<Message>(file, child, exit),
    ask: <Answer>(question: string) => {
      const answer = nextMessage<Answer>(file, child, exit)
      child.send(question)
      return answer
    },
    ended: async () => (await exit)[0] ?? 1,
    signal: (name) => void child.kill(name),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const timer = setTimeout(killOnExit, STOP_TIMEOUT_MS)
      await exit
      clearTimeout(timer)
    },
  }
}

/** Starts a command of the command line, such as `startCommand('load', ['--rate', '5'])`. */
export const startCommand = (
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  output: number | 'ignore' = 'ignore',
): Child => startChild('scripts/spillway.ts', [name, ...args], env, output)

async function nextMessage<Message>(
  file: string,
  child: ChildProcess,
  exit: Promise<[number | null]>,
): Promise<Message> {
  const early = exit.then(([code]) => {
    throw new Error(`${file} ended with ${code} before it answered; its output above says why`)
  })
  const [message] = await Promise.race([once(child, 'message'), early])
  return message as Message
}
