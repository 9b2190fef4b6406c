/**
 * `npm run test:package`: what a user does with the packed file, in empty folders: make a project, install, test, run
 * it, change its pipeline, start it as a service does, on each version of Node that is promised.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { withFlags } from '../../scripts/command-line/ask'
import { Installed } from './installed'
import { Project } from './project'
import { must, say, shell } from './steps'

const MAX_PACKAGES = 250
const MAX_MEGABYTES = 150
const NODES = ['20', '22', '24']

const command = () =>
  new Command('npm run test:package --')
    .description(
      'Does with the packed file what a user does, in empty folders: makes a project, installs, tests, runs and changes it.',
    )
    .allowExcessArguments(false)
    .addHelpText('after', '\nExit code: 0 done, 1 it failed, 2 wrong usage.')

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-packed-'))
  const startedMs = Date.now()
  try {
    say('packing ...')
    const [file = ''] = (await shell('npm', ['pack', '--silent', '--pack-destination', folder], process.cwd()))
      .trim()
      .split('\n')
      .slice(-1)
    const tarball = join(folder, file)
    const installed = await Installed.of(tarball, join(folder, 'alone'))
    say(`installed alone: ${installed.packages} packages, ${installed.megabytes} MB`)
    must(installed.packages <= MAX_PACKAGES, `at most ${MAX_PACKAGES} packages`)
    must(installed.megabytes <= MAX_MEGABYTES, `at most ${MAX_MEGABYTES} MB`)
    for (const version of NODES) await installed.runsOn(version)
    const atMs = Date.now()
    const project = await Project.made(tarball, folder)
    await project.isTested()
    const tookMs = await project.showsItsEvents(atMs)
    say(`from an empty folder to the first window of its own: ${Math.round(tookMs / 1000)} s`)
    await project.runsAsAService()
    say(`all of it took ${Math.round((Date.now() - startedMs) / 1000)} s`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

withFlags(command(), process.argv.slice(2), async () => {
  await main()
  return 0
}).then(
  (code) => {
    process.exitCode = code
  },
  (error: Error) => {
    console.error(`The package does not work: ${error.message}`)
    process.exit(1)
  },
)
