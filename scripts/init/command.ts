import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { OWN_VERSION } from '../../program/own-process'
import { usageText, withFlags } from '../command-line/ask'
import { DONE, WRONG_USAGE } from '../command-line/exit-codes'
import { newCommand } from '../command-line/new-command'
import { type Output, TERMINAL } from '../command-line/output'

const TEMPLATE = join(__dirname, 'template')
const NAME = /^(?=.{1,40}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/

interface Flags {
  readonly spillway?: string
}

/** Makes a project. Resolves to the exit code: 0 made, 2 it cannot be made there. */
export async function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  const make = async ({ spillway }: Flags, [folder = '']: readonly string[]) => {
    const name = basename(resolve(folder))
    const problem = problemWith(name, folder)
    if (problem !== null) {
      output.err(usageText(problem, 'spillway init'))
      return WRONG_USAGE
    }
    const files = written(name, folder, spillway ?? `^${OWN_VERSION}`)
    output.out(`Made ${folder}: ${files.join(', ')}`)
    output.out(`\nNext:\n  cd ${folder}\n  npm install\n  npm start`)
    return DONE
  }
  return withFlags<Flags>(initCommand(), args, make, output)
}

const initCommand = () =>
  newCommand({
    name: 'init',
    about: 'Makes a project: a pipeline, its test, its settings, and what deploys it.',
    examples: ['spillway init clicks'],
    exits: { done: 'made', wrong: 'or that folder is in use' },
  })
    .argument('<folder>', 'folder to make; its name is that of the project, of its pipeline and of its stack')
    .option('--spillway <version>', 'the dependency on spillway, for example file:../spillway-0.1.0.tgz')

function problemWith(name: string, folder: string): string | null {
  if (!NAME.test(name))
    return `The name "${name}" cannot be that of a stack: take lower-case letters, digits and dashes.`
  if (!existsSync(folder) || readdirSync(folder).length === 0) return null
  return `${folder} is there already and not empty; choose another folder.`
}

/** Writes the files of the template, with the names filled in; their paths in the project. */
function written(name: string, folder: string, spillway: string): string[] {
  const words = {
    name,
    spillway,
    variable: `${name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())}Pipeline`,
  }
  const fill = (text: string) =>
    text.replace(/\{\{(\w+)\}\}/g, (_, word: string) => words[word as keyof typeof words] ?? '')
  const entries = readdirSync(TEMPLATE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return entries.map((entry) => {
    const source = join(entry.parentPath, entry.name)
    const path = targetOf(relative(TEMPLATE, source), name)
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), fill(readFileSync(source, 'utf8')))
    return path
  })
}

/** Where a file of the template goes. npm leaves files named .gitignore out of packages, and reads each package.json. */
function targetOf(path: string, name: string): string {
  const plain = path.replace(/\.template$/, '').replace(/(^|\/)pipeline\./, `$1${name}.`)
  return plain === 'gitignore' ? '.gitignore' : plain
}
