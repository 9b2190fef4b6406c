/** `npm run check-data`: reads everything in the data folder of a stopped node and says what is sound. */
import { stat } from 'node:fs/promises'
import { Command, CommanderError } from 'commander'
import pc from 'picocolors'
import { isHeld } from '../edge-node/data-lock'
import { type Finding, findingsIn } from './check-data/findings'

/** Where lines for people go; a test listens here. */
export type Output = { readonly out: (line: string) => void; readonly err: (line: string) => void }

const TERMINAL: Output = { out: (line) => console.log(line), err: (line) => console.error(line) }

/** `args` without node and script. Resolves to the exit code: 0 all is sound, 1 something is damaged, 2 it could not be looked at. */
export async function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  try {
    const [folder] = command(output).parse(args, { from: 'user' }).processedArgs as [string]
    return await check(folder, output)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    throw error
  }
}

function command(output: Output): Command {
  return new Command('check-data')
    .description('Read everything in the data folder of a stopped edge node, and say what is sound. Changes nothing.')
    .argument('<folder>', 'the --data-dir of the node; after npm start .spillway/demo/edge')
    .addHelpText('after', '\nExit code: 0 all is sound, 1 something is damaged, 2 it could not be looked at.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.out(text.trimEnd()), writeErr: (text) => output.err(text.trimEnd()) })
}

async function check(folder: string, { out, err }: Output): Promise<number> {
  const found = await stat(folder).catch(() => null)
  if (!found?.isDirectory()) {
    err(`${folder} is no folder; give the --data-dir of the node`)
    return 2
  }
  if (await isHeld(folder)) {
    err(`a process works on ${folder}; stop it first, since what it writes meanwhile would look damaged`)
    return 2
  }
  let damages = 0
  for await (const finding of findingsIn(folder)) {
    out(inWords(finding))
    if (finding.verdict === 'damaged') damages += 1
  }
  out(
    damages === 0
      ? 'All that was found is sound.'
      : `${damages} damaged. Nothing was changed; restore these from a copy.`,
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
