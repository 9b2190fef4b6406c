/**
 * The user's program: which file holds a pipeline, its bundle, and its version. In comes what `--pipeline` says, out
 * goes the pipeline with the module that other processes load it from.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { buildSync, type Message } from 'esbuild'
import type { Pipeline } from '../core/pipeline/pipeline'
import { thrownAt } from './thrown-at'
import { ALIAS, filesIn, SETTINGS, versionOf } from './version.cjs'

/** A pipeline as a process runs it. */
export interface Program {
  readonly pipeline: Pipeline
  /** Of the pipeline and of the code that decides its results; 12 hexadecimal digits. */
  readonly version: string
  /** The module whose default export it is: processes that fold apart load it too. */
  readonly module: string
}

/** The pipeline that was asked for is not there, or cannot work. Says the file, the place in it, and what to do. */
export class BadPipeline extends Error {
  readonly code = 'bad_pipeline'
  readonly retryable = false
}

/**
 * Loads a pipeline: by the name of a file in `projectFolder/pipelines`, or by the path of a file anywhere. Its bundle is
 * written to `keptIn`. Throws BadPipeline.
 */
export function loadProgram(asked: string, projectFolder: string, keptIn: string): Program {
  const file = pipelineFileOf(asked, projectFolder)
  const shown = relative(projectFolder, file) || file
  const { bundle, version } = compiled(shown, () => readWhole(file, projectFolder, keptIn))
  const module = join(resolve(keptIn), `${version}.cjs`)
  mkdirSync(keptIn, { recursive: true, mode: 0o700 })
  const fresh = `${module}.${process.pid}`
  writeFileSync(fresh, bundle, { mode: 0o600 })
  renameSync(fresh, module) // whoever loads it finds a whole one
  const pipeline = definedIn(module, shown, projectFolder)
  if (!isPath(asked) && pipeline.name !== asked)
    throw new BadPipeline(
      `${shown} defines the pipeline "${pipeline.name}": the functions look for it by the name of its file; call both alike`,
    )
  return { pipeline, version, module }
}

/** The bundle and the version of the same source: read again where somebody saved it in between. */
function readWhole(file: string, projectFolder: string, keptIn: string): { bundle: string; version: string } {
  const bundled = () => bundleOf(file, projectFolder, join(resolve(keptIn), 'pipeline.cjs'))
  for (let bundle = bundled(); ; ) {
    const version = versionOf(file)
    const after = bundled()
    if (after === bundle) return { bundle, version }
    bundle = after
  }
}

/** The pipeline that a module written by `loadProgram` holds. From then on errors of it name the user's files. */
export function pipelineIn(module: string): Pipeline {
  process.setSourceMapsEnabled(true)
  return (require(module) as { default: Pipeline }).default
}

const isPath = (asked: string) => /[/\\]|\.[cm]?[jt]s$/.test(asked)

/** The file that is meant. Throws BadPipeline where there is none of that name. */
export function pipelineFileOf(asked: string, projectFolder: string): string {
  if (isPath(asked)) return isAbsolute(asked) ? asked : resolve(projectFolder, asked)
  const files = filesIn(join(projectFolder, 'pipelines'))
  const found = files.find(({ name }) => name === asked)
  if (found !== undefined) return found.file
  const there = files.length === 0 ? 'that folder has none' : `it has ${files.map(({ name }) => name).join(', ')}`
  throw new BadPipeline(
    `there is no pipelines/${asked}.ts in ${projectFolder} (${there}); choose another --pipeline, or name a file`,
  )
}

/**
 * The pipeline with all that it imports, but what it imports from `spillway`: that is the code of this process, so that
 * both know the same classes. Errors in it name the places of the user's own files.
 */
function bundleOf(file: string, projectFolder: string, outfile: string): string {
  const { outputFiles } = buildSync({
    ...SETTINGS,
    entryPoints: [file],
    absWorkingDir: resolve(projectFolder),
    outfile,
    alias: ALIAS,
    external: Object.values(ALIAS),
    format: 'cjs',
    sourcemap: 'inline',
  })
  return outputFiles[0]!.text
}

function compiled<T>(shown: string, compile: () => T): T {
  try {
    return compile()
  } catch (error) {
    const [first] = (error as { errors?: readonly Message[] }).errors ?? []
    if (first === undefined) throw error
    throw new BadPipeline(`${placeOf(first) ?? shown} does not compile: ${first.text}`)
  }
}

const placeOf = ({ location }: Message): string | null =>
  location === null ? null : `${location.file}:${location.line}:${location.column + 1}`

function definedIn(module: string, shown: string, projectFolder: string): Pipeline {
  let found: unknown
  try {
    found = pipelineIn(module)
  } catch (error) {
    const place = thrownAt(error, projectFolder) ?? shown
    throw new BadPipeline(`${place}: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (typeof found === 'object' && found !== null && 'columns' in found && 'window' in found) return found as Pipeline
  throw new BadPipeline(`${shown} has no pipeline as its default export: write "export default pipeline({ ... })"`)
}
