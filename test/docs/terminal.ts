import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { ROOT } from './pages'

const LEFT_OUT = ['node_modules', '.git', '.spillway', '.serverless', '.esbuild', 'coverage', 'dist']

/** A copy of the repository as somebody has it who has just cloned it and run npm ci; and how to remove it. */
export async function freshClone(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-docs-'))
  await cp(ROOT, folder, { recursive: true, filter: (source) => !LEFT_OUT.includes(basename(source)) })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

/** Resolves when nobody listens on a port of this machine; rejects when that lasts. */
export async function freePort(port: number, withinMs: number): Promise<void> {
  const untilMs = performance.now() + withinMs
  while (!(await isFree(port))) {
    if (performance.now() > untilMs)
      throw new Error(`port ${port} is taken, and the commands of the documentation use it: stop what listens there`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

const DONE = 'block-done-with-code'
const LOOK_EVERY_MS = 50
const GRACE_MS = 10_000

/**
 * A shell in a folder, in which blocks are run one after the other: variables stay, and so does what runs in the
 * background.
 */
export class Terminal {
  private readonly shell: ChildProcess
  private printed = ''
  private blocks = 0

  constructor(
    private readonly name: string,
    private readonly folder: string,
    environment: Readonly<Record<string, string>>,
  ) {
    this.shell = spawn('bash', ['--noprofile', '--norc'], {
      cwd: folder,
      detached: true, // a group of its own, so that all that it started can be ended
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    for (const stream of [this.shell.stdout, this.shell.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.printed += text
      })
  }

  /** Runs a block to its end, or until it has printed a text. Returns what it printed; rejects when a command fails. */
  async run(code: string, until: string | null, timeoutMs: number): Promise<string> {
    const file = join(this.folder, `.block-${this.name}-${this.blocks++}.sh`)
    await writeFile(file, `set -eo pipefail\n${code}\nset +e\n`)
    this.printed = ''
    this.shell.stdin?.write(`. '${file}' </dev/null\necho ${DONE} $?\n`)
    await this.printedText(until ?? `${DONE} 0`, timeoutMs)
    return this.printed
  }

  /** Ends all that runs in it, also in the background, and also when the shell itself has ended. */
  async close(): Promise<void> {
    const untilMs = performance.now() + GRACE_MS
    while (this.signal(performance.now() < untilMs ? 'SIGTERM' : 'SIGKILL'))
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    for (const stream of [this.shell.stdin, this.shell.stdout, this.shell.stderr]) stream?.destroy()
  }

  /** Sends a signal to all of its group; false when nobody is left. */
  private signal(name: NodeJS.Signals): boolean {
    try {
      return process.kill(-this.shell.pid!, name)
    } catch {
      return false
    }
  }

  private async printedText(text: string, timeoutMs: number): Promise<void> {
    const untilMs = performance.now() + timeoutMs
    while (!this.printed.includes(text)) {
      const ended = /block-done-with-code [1-9]\d*/.exec(this.printed)?.[0] ?? this.shell.exitCode
      if (ended !== null) throw new Error(`it failed (${ended}):\n${this.printed}`)
      if (performance.now() > untilMs) throw new Error(`${text} was not printed in time:\n${this.printed}`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }
}
