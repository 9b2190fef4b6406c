import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { paragraphs } from '../../scripts/command-line/markdown'
import { mustHoldTable } from '../../scripts/command-line/must-hold'
import type { Rendering } from './bench'
import { type Machine, machineText } from './statistics'

/** Where results of the repository are kept. */
export const RESULTS_FOLDER = 'lab/results'

/** A benchmark's report: what was measured, where, when. */
export interface Measured<Figures> {
  readonly name: string
  readonly measuredAt: string
  readonly machine: Machine
  readonly figures: Figures
}

/** Writes NAME.json, NAME.md and NAME-*.svg to `folder`, and the JSON to `reportFile` as well. Returns the Markdown. */
export async function writeResults<Figures>(
  measured: Measured<Figures>,
  rendering: Rendering,
  folder: string,
  reportFile: string | undefined,
): Promise<string> {
  const { name } = measured
  await mkdir(folder, { recursive: true })
  const files: [string, string][] = [
    [join(folder, `${name}.json`), reportText(measured, rendering)],
    [join(folder, `${name}.md`), documentOf(measured, rendering)],
    ...rendering.plots.map(({ name: plot, svg }): [string, string] => [join(folder, `${name}-${plot}.svg`), svg]),
  ]
  if (reportFile !== undefined) {
    await mkdir(dirname(reportFile), { recursive: true })
    files.push([reportFile, reportText(measured, rendering)])
  }
  for (const [file, text] of files) await writeFile(file, text)
  return documentOf(measured, rendering)
}

/** One line a field: series are long. */
function reportText<Figures>(
  { name, measuredAt, machine, figures }: Measured<Figures>,
  { mustHold }: Rendering,
): string {
  const fields = { name, measuredAt, machine, mustHold, ...figures }
  const lines = Object.entries(fields).map(([field, value]) => `  ${JSON.stringify(field)}: ${JSON.stringify(value)}`)
  return `{\n${lines.join(',\n')}\n}\n`
}

function documentOf<Figures>({ name, measuredAt, machine }: Measured<Figures>, rendering: Rendering): string {
  const { markdown, mustHold, plots } = rendering
  return paragraphs(
    markdown.trim(),
    mustHold.length === 0 ? '' : mustHoldTable(mustHold),
    ...plots.map((plot) => `![${name} ${plot.name}](${name}-${plot.name}.svg)`),
    `${machineText(machine)} Measured ${measuredAt}.`,
  )
}

/** The figures of an earlier report, to be drawn again. Rejects when the file is not there or not a report. */
export async function readResults<Figures>(name: string, folder: string): Promise<Measured<Figures>> {
  const report = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8'))
  if (report.name !== name) throw new Error(`${folder}/${name}.json is not a report of ${name}`)
  const { name: _name, measuredAt, machine, mustHold: _mustHold, ...figures } = report
  return { name, measuredAt, machine, figures }
}
