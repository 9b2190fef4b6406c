/**
 * `npm run check-data`: reads everything in the data folder of a stopped node, says what is sound, and mends what can
 * be mended.
 */
import { stat } from 'node:fs/promises'
import { Command, CommanderError } from 'commander'
import pc from 'picocolors'
import { isHeld, lockData } from '../../edge-node/disk/data-lock'
import { type Finding, findingsIn } from './findings'
import { repairsFor } from './repairs'

/** Where lines for people go; a test listens here. */
export type Output = { readonly out: (line: string) => void; readonly err: (line: string) => void }

const TERMINAL: Output = { out: (line) => console.log(line), err: (line) => console.error(line) }

interface Options {
  readonly repair: boolean
  readonly yes: boolean
}

/**
 * `args` without node and script. Resolves to the exit code: 0 all is sound, 1 something is damaged, 2 it could not be
 * looked at.
 */
export async function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  try {
    const parsed = command(output).parse(args, { from: 'user' })
    const [folder] = parsed.processedArgs as [string]
    const { repair, yes } = parsed.opts<Options>()
    return await look(folder, repair, yes, output)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    throw error
  }
}

function command(output: Output): Command {
  return new Command('check-data')
    .description(
      'Read everything in the data folder of a stopped edge node, and say what is sound. Changes nothing by itself.',
    )
    .argument('<folder>', 'the --data-dir of the node; after npm start .spillway/demo/edge')
    .option('--repair', 'say what could be mended, and what exactly is lost by it', false)
    .option('--yes', 'with --repair: mend it; what is taken away lies beside its place as *.damaged', false)
    .addHelpText('after', '\nExit code: 0 all is sound, 1 something is damaged, 2 it could not be looked at.')
    .showHelpAfterError('See --help.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.out(text.trimEnd()), writeErr: (text) => output.err(text.trimEnd()) })
}

async function look(folder: string, isRepair: boolean, isSure: boolean, output: Output): Promise<number> {
  const found = await stat(folder).catch(() => null)
  if (!found?.isDirectory()) {
    output.err(`${folder} is no folder; give the --data-dir of the node`)
    return 2
  }
  if (await isHeld(folder)) {
    output.err(`a process works on ${folder}; stop it first, since what it writes meanwhile would look damaged`)
    return 2
  }
  if (isRepair) await repair(folder, isSure, output)
  return check(folder, output)
}

async function repair(folder: string, isSure: boolean, { out }: Output): Promise<void> {
  const lock = await lockData(folder)
  try {
    const repairs = await repairsFor(folder)
    for (const { loses } of repairs) out(`${pc.yellow('lost')}     ${loses}`)
    if (repairs.length > 0 && !isSure)
      out('Nothing was changed. Add --yes to give these up, or restore them from a copy.')
    if (isSure) for (const { apply } of repairs) await apply()
    if (repairs.length === 0) out('There is nothing that could be repaired.')
  } finally {
    await lock.release()
  }
}

async function check(folder: string, { out }: Output): Promise<number> {
  let damages = 0
  for await (const finding of findingsIn(folder)) {
    out(inWords(finding))
    if (finding.verdict === 'damaged') damages += 1
  }
  out(
    damages === 0
      ? 'All that was found is sound.'
      : `${damages} damaged. Restore these from a copy; --repair says what could be mended without one.`,
  )
  return damages === 0 ? 0 : 1
}

function inWords({ verdict, says }: Finding): string {
  switch (verdict) {
    case 'sound':
      return `${pc.green('sound')}    ${says}`
    case 'note':
      return `${pc.yellow('note')}     ${says}`
    case 'damaged':
      return `${pc.red('damaged')}  ${says}`
  }
}

if (require.main === module) {
  main(process.argv.slice(2)).then((code) => {
    process.exitCode = code
  })
}
