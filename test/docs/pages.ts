import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(__dirname, '../..')

/** Pages with commands, in the order in which they are run: the tutorial changes the folder, so it comes last. */
export const RUNNABLE = ['README.md', ...inFolder('docs/how-to'), 'docs/tutorial.md']

/** All pages that people read. */
export const PAGES = [
  ...inFolder('.').filter((page) => !page.startsWith('README')),
  ...RUNNABLE,
  'docs/FORMULAS.md',
  ...inFolder('docs/explanation'),
  ...inFolder('docs/reference'),
  'monitoring/README.md',
]

function inFolder(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.md'))
  return names.sort().map((name) => (folder === '.' ? name : `${folder}/${name}`))
}

export const textOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8')

/** A fenced block, with the comment that stands before it and the output block that comes after it. */
export interface Block {
  readonly line: number
  readonly language: string
  readonly marker: string
  readonly code: string
  readonly output: string | null
}

const FENCE = /(?:<!-- ([^>]*?) -->\n+)?^```(\w*)\n([\s\S]*?)^```$/gm
const OUTPUT_AFTER = /^[^`#]*?^```\n([\s\S]*?)^```$/m

/**
 * The blocks of a page in order. What a command prints stands in a block without a language, before the next command.
 */
export function blocksOf(text: string): Block[] {
  return [...text.matchAll(FENCE)].map((match) => {
    const [all, marker = '', language = '', code = ''] = match
    const after = text.slice(match.index + all.length)
    const output = OUTPUT_AFTER.exec(after)
    const isNext = output !== null && output.index === 0 && !output[0].includes('<!--')
    const line = text.slice(0, match.index).split('\n').length
    return { line, language, marker, code, output: isNext ? (output[1] ?? null) : null }
  })
}

/** What the comment before a block says of it. */
export type Marker =
  | { readonly kind: 'run'; readonly terminal: string; readonly until: string | null }
  | { readonly kind: 'not run'; readonly reason: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'none' }

export function markerOf({ marker }: Block): Marker {
  const run = /^run(?:: terminal (\w+)(?: until "([^"]+)")?)?$/.exec(marker)
  if (run !== null) return { kind: 'run', terminal: run[1] ?? 'main', until: run[2] ?? null }
  const [, reason] = /^not run: (.+)$/.exec(marker) ?? []
  if (reason !== undefined) return { kind: 'not run', reason }
  const [, path] = /^file: (\S+)$/.exec(marker) ?? []
  return path === undefined ? { kind: 'none' } : { kind: 'file', path }
}

/** Whether a page asks for a local cloud that runs beside it. */
export const needsCloud = (text: string): boolean => text.includes('<!-- with: cloud -->')

/** Whether what was printed looks like what a page shows: numbers and spaces may differ, and `...` is anything. */
export function looksLike(shown: string, printed: string): boolean {
  const actual = shapeOf(printed)
  let from = 0
  for (const part of shown.split('...').map(shapeOf)) {
    const at = actual.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return true
}

const shapeOf = (text: string) => text.replace(/\d+(,\d{3})*(\.\d+)?/g, '#').replace(/\s+/g, '')
