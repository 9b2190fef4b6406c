/**
 * `spillway check-data`: reads everything in the data folder of a stopped node, says what is sound, and mends what can
 * be mended.
 */
import { stat } from 'node:fs/promises'
import { isHeld, lockData } from '../../edge-node/disk/data-lock'
import { withFlags } from '../command-line/ask'
import { pc } from '../command-line/colours'
import { DONE, NOT_DONE, WRONG_USAGE } from '../command-line/exit-codes'
import { newCommand } from '../command-line/new-command'
import { type Output, printJson, TERMINAL } from '../command-line/output'
import { type Finding, findingsIn } from './findings'
import { repairsFor } from './repairs'

interface Flags {
  readonly repair: boolean
  readonly yes: boolean
  readonly json: boolean
}

/** Resolves to the exit code: 0 all is sound, 1 something is damaged, 2 it could not be looked at. */
export const main = (args: readonly string[], output: Output = TERMINAL): Promise<number> =>
  withFlags<Flags>(command(), args, (flags, [folder]) => look(folder!, flags, output), output)

const command = () =>
  newCommand({
    name: 'check-data',
    about:
      'Reads everything in the data folder of a stopped edge node, and says what is sound. Changes nothing by itself.',
    examples: [
      'spillway check-data .spillway/demo/edge',
      'spillway check-data .spillway/demo/edge --repair',
      'spillway check-data .spillway/demo/edge --json',
    ],
    exits: { done: 'all is sound', not: 'something is damaged', wrong: 'or it could not be looked at' },
  })
    .argument('<folder>', 'the --data-dir of the node; after spillway start .spillway/demo/edge')
    .option('--repair', 'say what could be mended, and what exactly is lost by it', false)
    .option('--yes', 'with --repair: mend it; what is taken away lies beside its place as *.damaged', false)
    .option('--json', 'print what was found as JSON', false)

async function look(folder: string, { repair, yes, json }: Flags, output: Output): Promise<number> {
  const found = await stat(folder).catch(() => null)
  if (!found?.isDirectory()) {
    output.err(`${folder} is no folder; give the --data-dir of the node`)
    return WRONG_USAGE
  }
  if (await isHeld(folder)) {
    output.err(`a process works on ${folder}; stop it first, since what it writes meanwhile would look damaged`)
    return WRONG_USAGE
  }
  const say = json ? output.err : output.out
  const lost = repair ? await repairAll(folder, yes, say) : []
  const findings = await findAll(folder, say)
  const damaged = findings.filter(({ verdict }) => verdict === 'damaged').length
  if (json) printJson(output, { folder, damaged, findings, ...(repair ? { lost, repaired: yes } : {}) })
  else output.out(conclusionOf(damaged))
  return damaged === 0 ? DONE : NOT_DONE
}

/** Says what mending loses, and mends when it is to. Resolves to what is lost. */
async function repairAll(folder: string, isSure: boolean, out: Output['out']): Promise<readonly string[]> {
  const lock = await lockData(folder)
  try {
    const repairs = await repairsFor(folder)
    for (const { loses } of repairs) out(`${pc.yellow('lost')}     ${loses}`)
    if (repairs.length > 0 && !isSure)
      out('Nothing was changed. Add --yes to give these up, or restore them from a copy.')
    if (isSure) for (const { apply } of repairs) await apply()
    if (repairs.length === 0) out('There is nothing that could be repaired.')
    return repairs.map(({ loses }) => loses)
  } finally {
    await lock.release()
  }
}

async function findAll(folder: string, say: Output['out']): Promise<readonly Finding[]> {
  const found: Finding[] = []
  for await (const finding of findingsIn(folder)) {
    found.push(finding)
    say(inWords(finding))
  }
  return found
}

const conclusionOf = (damaged: number): string =>
  damaged === 0
    ? 'All that was found is sound.'
    : `${damaged} damaged. Restore these from a copy; --repair says what could be mended without one.`

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
