import { findSourceMap } from 'node:module'
import { isAbsolute, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT } from './version.cjs'

const OF_LIBRARIES = /^node:|^<|[/\\]node_modules[/\\]/
/** Rooms of Spillway whose code calls the user's, or is called by it. */
const OWN = ['core', 'edge-node', 'flink', 'cloud', 'program'].map((room) => join(ROOT, room) + sep)
const MOST_PLACES = 1_000 // places in code that call or throw: a program has few, and each is a line of text

interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/**
 * Places in the user's files, by places in their bundle; null for code that is not the user's. Node's own way from one
 * to the other, a stack of text, takes several times as long as to throw: too long where every event dies.
 */
const places = new Map<string, Place | null>()

/**
 * Where in the user's files an error was thrown, such as `pipelines/clicks.ts:12`: the first place of its stack that is
 * no library's and not Spillway's. Null where there is none, as with what is no error.
 */
export function thrownAt(error: unknown, projectFolder: string = process.cwd()): string | null {
  if (!(error instanceof Error)) return null
  const known = found.get(error)
  if (known !== undefined) return known
  const place = firstOfUser(error, projectFolder)
  found.set(error, place) // its stack can be read once, and one error may be thrown for many events
  return place
}

const found = new WeakMap<Error, string | null>()

function firstOfUser(error: Error, projectFolder: string): string | null {
  for (const site of sitesOf(error)) {
    const place = placeOf('file' in site ? site : siteOf(site))
    if (place !== null) return `${shown(place.file, projectFolder)}:${place.line}`
  }
  return null
}

/** `/home/me/shop/.spillway/clicks.cjs:12:9`, with or without the function around it. */
const FRAME = /^\s+at (?:.* \()?(.+):(\d+):(\d+)\)?$/

/** The places of the stack, the innermost first: of the bundle; of the files, where somebody has read the stack. */
function sitesOf(error: Error): readonly (Place | NodeJS.CallSite)[] {
  let sites: readonly NodeJS.CallSite[] | undefined
  const before = Error.prepareStackTrace
  Error.prepareStackTrace = (_, ofStack) => {
    sites = ofStack
    return 'the stack was read by Spillway' // writing it out would take most of the time
  }
  try {
    const { stack } = error
    if (sites === undefined) return String(stack).split('\n').flatMap(placeIn)
  } catch {
    return [] // a getter of its own
  } finally {
    Error.prepareStackTrace = before
  }
  return sites
}

const siteOf = (site: NodeJS.CallSite): Place => ({
  file: site.getFileName() ?? '',
  line: site.getLineNumber() ?? 0,
  column: site.getColumnNumber() ?? 0,
})

function placeIn(frame: string): Place[] {
  const [, file, line, column] = FRAME.exec(frame) ?? []
  return file === undefined ? [] : [{ file, line: Number(line), column: Number(column) }]
}

function placeOf(site: Place): Place | null {
  const key = `${site.file}:${site.line}:${site.column}`
  const known = places.get(key)
  if (known !== undefined) return known
  if (places.size >= MOST_PLACES) places.clear()
  const place = inSource(site)
  const isTheUsers =
    place.file !== '' && !OF_LIBRARIES.test(place.file) && !OWN.some((room) => place.file.startsWith(room))
  places.set(key, isTheUsers ? place : null)
  return isTheUsers ? place : null
}

function inSource({ file, line, column }: Place): Place {
  const here = { file: file.startsWith('file:') ? fileURLToPath(file) : file, line, column }
  const origin = findSourceMap(file)?.findEntry(line - 1, column - 1)
  if (origin === undefined || !('originalSource' in origin)) return here
  const source = origin.originalSource
  return {
    file: source.startsWith('file:') ? fileURLToPath(source) : source,
    line: origin.originalLine + 1,
    column: origin.originalColumn + 1,
  }
}

/** Within the project as one would open it; elsewhere the file and its folder, since whole paths fill a reason. */
function shown(file: string, projectFolder: string): string {
  const inside = relative(projectFolder, file)
  if (!inside.startsWith('..') && !isAbsolute(inside)) return inside.split(sep).join('/')
  return file.split(/[/\\]/).slice(-2).join('/')
}
