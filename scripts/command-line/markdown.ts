/** A Markdown table; columns after the first are right-aligned. A bar in a cell would end it, so it is escaped. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = `|${header.map((_, column) => (column === 0 ? ' --- |' : ' ---: |')).join('')}`
  return [line(header), rule, ...rows.map(line)].join('\n')
}

export const whole = (value: number | null): string =>
  value === null ? '-' : Math.round(value).toLocaleString('en-US')

/** `0.123` as `12.3 %`. */
export const percent = (share: number | null, digits = 1): string =>
  share === null ? '-' : `${(share * 100).toFixed(digits)} %`

export const dollars = (value: number, digits = 3): string => `$${value.toFixed(digits)}`

/** Paragraphs of a document, one blank line between them. */
export const paragraphs = (...parts: readonly string[]): string =>
  `${parts.filter((part) => part !== '').join('\n\n')}\n`
