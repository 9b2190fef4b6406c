import {
  ABSENT,
  DECIMAL,
  FALSE,
  FieldScanner,
  INTEGER,
  NESTED,
  NULL,
  TEXT,
  TRUE,
  UNSURE,
} from '../../core/pipeline/field-scanner'

/**
 * Where a scanner that is sure of a line parts from JSON.parse, in words; null where it does not, or is not sure. The
 * line lies `shift` bytes into its memory.
 */
export function scanDifference(line: string, names: readonly string[], shift = 0): string | null {
  const bytes = Buffer.concat([Buffer.alloc(shift + 1, 'x'), Buffer.from(`${line}\n`)]).subarray(shift + 1)
  const scanner = new FieldScanner(names)
  const end = scanner.scan(bytes, 0)
  if (end === UNSURE) return null
  const read = bytes.toString('utf8', 0, end)
  const parsed = parse(read)
  if (parsed === undefined) return `it takes ${JSON.stringify(read)}, which is no JSON`
  for (const [field, name] of names.entries()) {
    const value = Object.hasOwn(parsed, name) ? parsed[name] : undefined
    if (!isSame(scanner, bytes, field, value)) {
      return `"${name}" of ${JSON.stringify(read)} is ${JSON.stringify(value)}, and was read as kind ${scanner.kinds[field]}`
    }
  }
  return null
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isSame(scanner: FieldScanner, bytes: Buffer, field: number, value: unknown): boolean {
  const { kinds, starts, ends } = scanner
  switch (kinds[field]) {
    case ABSENT:
      return value === undefined
    case NULL:
      return value === null
    case TRUE:
      return value === true
    case FALSE:
      return value === false
    case INTEGER:
      return (
        Object.is(value, scanner.value(bytes, field, textOf)) &&
        !/[.eE]/.test(textOf(bytes, starts[field], ends[field]))
      )
    case DECIMAL:
      return Object.is(value, scanner.value(bytes, field, textOf))
    case TEXT:
      return value === textOf(bytes, starts[field], ends[field])
    case NESTED:
      return typeof value === 'object' && value !== null
    default:
      return false
  }
}

const textOf = (bytes: Uint8Array, start = 0, end = 0) => Buffer.from(bytes.subarray(start, end)).toString('latin1')
