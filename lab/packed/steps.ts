import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

export const say = (line: string): void => console.log(line)

/** Ends the run where something that was promised does not hold. */
export function must(holds: boolean, promise: string): void {
  if (!holds) throw new Error(`it does not hold: ${promise}`)
}

/** Runs a program to its end; its output. Rejects with it where it ends with another code than 0. */
export function shell(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (part) => (output += part))
    child.stderr.on('data', (part) => (output += part))
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(output)
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}:\n${output.slice(-4_000)}`))
    })
  })
}

/** A program that runs on, and what it has said so far. */
export interface Running {
  output(): string
  /** Sends SIGTERM to it and all that it started, and resolves with its exit code. */
  stop(): Promise<number | null>
}

export function start(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(program, [...args], { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (part) => (output += part))
  child.stderr.on('data', (part) => (output += part))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    output: () => output,
    stop: () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}

const LOOK_EVERY_MS = 100

/** What does not answer yet has no answer yet. */
async function asked<T>(ask: () => T | null | Promise<T | null>): Promise<T | null> {
  try {
    return await ask()
  } catch {
    return null
  }
}

/** Asks until there is an answer; rejects with `what` and what the program said after the limit. */
export async function until<T>(
  what: string,
  limitMs: number,
  ask: () => T | null | Promise<T | null>,
  program?: Running,
): Promise<T> {
  const endMs = Date.now() + limitMs
  for (;;) {
    const answer = await asked(ask)
    if (answer !== null) return answer
    if (Date.now() > endMs)
      throw new Error(`${what} did not come in ${limitMs / 1000} s\n${program?.output().slice(-4_000)}`)
    await sleep(LOOK_EVERY_MS)
  }
}
