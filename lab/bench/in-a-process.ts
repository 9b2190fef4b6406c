import { fork } from 'node:child_process'
import { once } from 'node:events'

/** Runs a program that sends its figures to its parent, in a process of its own. Rejects when it ends without. */
export async function inAProcess<Figures>(
  program: string,
  args: readonly (string | number)[],
  nodeOptions: readonly string[],
): Promise<Figures> {
  const child = fork(program, args.map(String), {
    execArgv: ['--import', 'tsx', ...nodeOptions],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${program} ${args.join(' ')} ended with ${code}`)
  })
  const [figures] = await Promise.race([once(child, 'message'), ended])
  ended.catch(() => undefined)
  return figures as Figures
}
