/** What stands first on every generated page. */
export const GENERATED = '<!-- Made by `npm run docs` from the code. Do not edit: a test compares the two. -->'

/** A table with columns as wide as what is in them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(escaped))
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [
    line(cells[0]!),
    `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`,
    ...cells.slice(1).map(line),
  ].join('\n')
}

export const code = (text: string) => `\`${text}\``

const escaped = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** A page of paragraphs. */
export const page = (...parts: readonly string[]) => `${[GENERATED, ...parts].join('\n\n')}\n`
