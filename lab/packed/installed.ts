import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must, type Running, say, shell, start, until } from './steps'

const START_MS = 60_000

const PIPELINE = `import { count, pipeline, sum, tumbling } from 'spillway'
export default pipeline({
  name: 'taps', key: 'door', timestamp: 'at', window: tumbling('1s'), outOfOrderness: 0,
  aggregates: { taps: count(), people: sum('people') },
})
`

/** The package alone in a folder, without what is optional. */
export class Installed {
  private constructor(
    readonly folder: string,
    readonly packages: number,
    readonly megabytes: number,
  ) {}

  static async of(tarball: string, folder: string): Promise<Installed> {
    mkdirSync(join(folder, 'pipelines'), { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "private": true }')
    writeFileSync(join(folder, 'pipelines/taps.ts'), PIPELINE)
    const output = await shell('npm', ['install', '--no-audit', '--no-fund', tarball], folder)
    // npm asks each project whether the compiler's own script may run: nothing of it is needed.
    const warnings = output.split('\n').filter((line) => /warn/i.test(line) && !/install-scripts/.test(line))
    must(warnings.length === 0, `installing says nothing alarming:\n${warnings.join('\n')}`)
    const packages = (await shell('npm', ['ls', '--all', '--parseable'], folder)).trim().split('\n').length - 1
    return new Installed(folder, packages, Math.round(bytesOf(join(folder, 'node_modules')) / 1e6))
  }

  /** A node of this version starts, folds, and stops. */
  async runsOn(version: string): Promise<void> {
    const node = await this.nodeOf(version)
    const data = join(this.folder, `data-${version}`)
    const program = join(this.folder, 'node_modules/spillway/dist/scripts/spillway.js')
    const args = [program, 'edge', '--pipeline', 'taps', '--cloud', 'none', '--port', '0', '--data-dir', data]
    const edge = start(node, args, this.folder, { AWS_REGION: '', AWS_PROFILE: '' })
    const url = await until('the node', START_MS, () => /"url":"([^"]+)"/.exec(edge.output())?.[1] ?? null, edge)
    await folds(url, edge)
    must((await edge.stop()) === 0, `on Node ${version} it stops when it is asked to:\n${edge.output()}`)
    must(!/warning/i.test(edge.output()), `on Node ${version} it starts without warnings:\n${edge.output()}`)
    say(`Node ${version}: starts, folds and stops`)
  }

  /** Node itself comes from the registry: the package `node` has a binary of each version. */
  private async nodeOf(version: string): Promise<string> {
    const folder = join(this.folder, `../node-${version}`)
    mkdirSync(folder, { recursive: true })
    await shell('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, `node@${version}`], folder)
    return join(folder, 'node_modules/node/bin/node')
  }
}

async function folds(url: string, edge: Running): Promise<void> {
  const events = [0, 1, 5_000].map((ms) => JSON.stringify({ at: Date.now() - 60_000 + ms, door: 'a', people: 2 }))
  await fetch(`${url}/v1/events`, { method: 'POST', body: events.join('\n') })
  await until(
    'the first window',
    START_MS,
    async () => {
      const { windows } = (await (await fetch(`${url}/v1/windows`)).json()) as { windows: unknown[] }
      return windows.length > 0 ? windows : null
    },
    edge,
  )
}

function bytesOf(path: string): number {
  const found = statSync(path)
  if (!found.isDirectory()) return found.size
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.isSymbolicLink())
    .reduce((sum, { name }) => sum + bytesOf(join(path, name)), 0)
}
