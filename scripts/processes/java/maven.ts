import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const PROGRESS_EVERY_MS = 2_000
const LINES_SHOWN = 30

/** Maven did not do what it was run for; its last lines are in the message. */
export class MavenFailed extends Error {
  readonly code = 'maven_failed'
  readonly retryable = true
}

/** Runs Maven in a folder and says how much it has fetched. Rejects with MavenFailed. */
export async function runMaven(folder: string, args: readonly string[], say: (text: string) => void): Promise<void> {
  const maven = spawn('mvn', ['-B', ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = () => maven.kill('SIGKILL')
  process.once('exit', kill)
  const ended = once(maven, 'close') as Promise<[number | null]>
  const last: string[] = []
  let fetched = 0
  let saidAtMs = performance.now()
  const onLine = (line: string) => {
    if (/Downloading from|Progress/.test(line)) return
    if (/Downloaded from/.test(line)) {
      fetched += 1
      if (performance.now() - saidAtMs < PROGRESS_EVERY_MS) return
      saidAtMs = performance.now()
      say(`  ${fetched} files fetched from Maven Central ...`)
      return
    }
    last.push(line)
    if (last.length > LINES_SHOWN) last.shift()
  }
  for (const stream of [maven.stdout, maven.stderr]) createInterface(stream).on('line', onLine)
  const [code] = await ended
  process.off('exit', kill)
  if (code === 0) return
  throw new MavenFailed(`mvn ${args.join(' ')} in ${folder} ended with ${code}:\n${last.join('\n')}`)
}
