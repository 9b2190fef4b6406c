import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { must, type Running, say, shell, start, until } from './steps'

const PACKAGING_MS = 120_000 // serverless bundles the functions before the local cloud is there
const WINDOW_MS = 60_000 // windows of 10 s, and the time until the watermark has passed one

interface Window {
  readonly version: string
  readonly rows: readonly Record<string, unknown>[]
}

/** A project as `spillway init` makes it, installed. */
export class Project {
  private constructor(private readonly folder: string) {}

  static async made(tarball: string, folder: string): Promise<Project> {
    const name = 'page-visits'
    await shell('npx', ['--yes', '-p', tarball, 'spillway', 'init', name, '--spillway', `file:${tarball}`], folder)
    const project = join(folder, name)
    say('npm install of a new project ...')
    await shell('npm', ['install', '--no-audit', '--no-fund'], project)
    return new Project(project)
  }

  async isTested(): Promise<void> {
    await shell('npm', ['test'], this.folder)
    await shell('npm', ['run', 'types'], this.folder)
    say('its tests and its types hold')
  }

  /** Starts it, and changes its pipeline wrongly and rightly. Resolves with the time until its first window. */
  async showsItsEvents(sinceMs: number): Promise<number> {
    const dev = start('npm', ['start', '--', '--port', '0'], this.folder)
    try {
      const url = await until(
        'the dashboard',
        PACKAGING_MS,
        () => /dashboard\S*\s+(http\S+)/.exec(plain(dev))?.[1] ?? null,
        dev,
      )
      must(!plain(dev).includes('No local cloud'), `the project has what its local cloud needs:\n${plain(dev)}`)
      const first = await until('the first window', WINDOW_MS, () => newest(url), dev)
      const tookMs = Date.now() - sinceMs
      must('visits' in first.rows[0]!, 'its first window has its own aggregates')
      must((await (await fetch(url)).text()).includes('<title>'), 'the dashboard is there')
      await this.takesOverChanges(dev, url, first)
      return tookMs
    } finally {
      await dev.stop()
    }
  }

  private async takesOverChanges(dev: Running, url: string, first: Window): Promise<void> {
    const file = join(this.folder, 'pipelines/page-visits.ts')
    const source = readFileSync(file, 'utf8')
    writeFileSync(file, source.replace("tumbling('10s')", "tumbling('10 sec')"))
    await until(
      'the mistake',
      WINDOW_MS,
      () => (/pipelines\/page-visits\.ts:\d+.*10 sec/.test(plain(dev)) ? true : null),
      dev,
    )
    must((await fetch(`${url}/healthz`)).ok, 'what ran before goes on after a mistake')
    writeFileSync(file, source.replace('visits: count()', 'times: count()'))
    const changed = await until(
      'a window of the new version',
      WINDOW_MS,
      async () => {
        const window = await newest(url)
        return window !== null && window.version !== first.version ? window : null
      },
      dev,
    )
    must('times' in changed.rows[0]!, 'the new version computes what it says')
    writeFileSync(file, source)
    say('a mistake is told with its place, and a change is taken over')
  }

  /** The steps of the Dockerfile, and of the unit. */
  async runsAsAService(): Promise<void> {
    const image = `${this.folder}-image`
    const isLeftOut = (path: string) => /[/\\](node_modules|\.spillway|\.serverless|test)([/\\]|$)/.test(path)
    cpSync(this.folder, image, { recursive: true, filter: (path) => !isLeftOut(path.slice(this.folder.length)) })
    await shell('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund'], image)
    const program = join(image, 'node_modules/spillway/dist/scripts/spillway.js')
    const settings = ['--host', '127.0.0.1', '--port', '0', '--cloud', 'none', '--data-dir', join(image, 'data')]
    const edge = start(process.execPath, [program, 'edge', ...settings], image, { NODE_ENV: 'production' })
    const url = await until('the service', WINDOW_MS, () => /"url":"([^"]+)"/.exec(edge.output())?.[1] ?? null, edge)
    must((await fetch(`${url}/healthz`)).ok && (await fetch(`${url}/readyz`)).ok, 'a service is alive and ready')
    must((await edge.stop()) === 0, 'a service stops when it is told to')
    say('the steps of the Dockerfile work')
  }
}

/** Without the colours of a terminal. */
const plain = (program: Running): string => stripVTControlCharacters(program.output())

async function newest(url: string): Promise<Window | null> {
  const { windows } = (await (await fetch(`${url}/v1/windows?limit=1000`)).json()) as { windows: Window[] }
  return windows.findLast(({ rows }) => rows.length > 0) ?? null
}
