import { asFieldReader, type FieldReader, Refusal } from './aggregate'
import type { Found, ReadLine } from './event'
import {
  ABSENT,
  canBeScanned,
  DECIMAL,
  FALSE,
  FieldScanner,
  INTEGER,
  NESTED,
  NULL,
  TEXT,
  TRUE,
  UNSURE,
} from './field-scanner'
import { KeyCache, type TextOf } from './key-cache'
import { MAX_KEY_LENGTH, type Pipeline } from './pipeline'
import { timestampMsIn } from './timestamp'

const MAX_PLAIN_DIGITS = 15 // any number of so many digits is its own text, and a double holds it

/** What of a line is looked for: names, and the place of each use among them. */
interface Plan {
  readonly names: readonly string[]
  readonly timestamp: number
  /** -1 where `map` makes the event that has the key. */
  readonly key: number
  readonly columns: readonly { readonly field: number; readonly ofValue: FieldReader<unknown>['ofValue'] }[]
}

/** What a scan found in a line that can be admitted. */
export type Scanned = Omit<ReadLine, 'number' | 'line'>

/**
 * Reads lines of a pipeline that names its fields without parsing them. What it finds is what `readLine` finds; where a
 * line is odd in any way, and wherever it would have to be refused, it finds nothing, and `readLine` decides.
 */
export class LineScanner {
  private readonly fields: FieldScanner
  private readonly keys: KeyCache

  private constructor(
    private readonly plan: Plan,
    private readonly unit: Pipeline['timestampUnit'],
    private readonly textOf: TextOf,
  ) {
    this.fields = new FieldScanner(plan.names)
    this.keys = new KeyCache(textOf)
  }

  /** Null for a pipeline whose fields are not known by name, or whose schema looks at the whole event. */
  static of(pipeline: Pipeline, textOf: TextOf): LineScanner | null {
    const plan = planOf(pipeline)
    return plan?.names.every(canBeScanned) === true ? new LineScanner(plan, pipeline.timestampUnit, textOf) : null
  }

  /** Where the line that was scanned last ends: after its object. */
  end = UNSURE

  /**
   * Scans the line that begins at `start`; null where it is not sure. The bytes up to its line feed are UTF-8, which was
   * checked.
   */
  scan(bytes: Uint8Array, start: number, latestMs: number): Scanned | null {
    this.end = this.fields.scan(bytes, start)
    if (this.end === UNSURE) return null
    const timestampMs = timestampMsIn(this.valueOf(bytes, this.plan.timestamp), this.unit)
    if (!(timestampMs <= latestMs)) return null
    if (this.plan.key < 0) return { timestampMs, found: null }
    const key = this.keyOf(bytes, this.plan.key)
    return key === null ? null : { timestampMs, found: this.foundOf(bytes, key) }
  }

  /** Null where a column has no value that it takes: then the event is a dead letter, and the fold says why. */
  private foundOf(bytes: Uint8Array, key: string): Found | null {
    const { columns } = this.plan
    const values: unknown[] = []
    for (let column = 0; column < columns.length; column++) {
      const { field, ofValue } = columns[column]!
      if (field >= 0 && this.fields.kinds[field] === NESTED) return null
      const value = ofValue(field < 0 ? undefined : this.valueOf(bytes, field))
      if (value instanceof Refusal) return null
      values.push(value)
    }
    return { key, values }
  }

  private valueOf(bytes: Uint8Array, field: number): unknown {
    const { kinds, starts, ends } = this.fields
    switch (kinds[field]) {
      case INTEGER:
      case DECIMAL:
        return this.fields.numberOf(bytes, field)
      case TEXT:
        return this.textOf(bytes, starts[field]!, ends[field]!)
      case TRUE:
        return true
      case FALSE:
        return false
      case NULL:
        return null
      default:
        return undefined
    }
  }

  /** The key, where it is one without doubt. */
  private keyOf(bytes: Uint8Array, field: number): string | null {
    const { kinds, starts, ends } = this.fields
    const start = starts[field]!
    const end = ends[field]!
    switch (kinds[field]) {
      case TEXT:
        return end - start <= MAX_KEY_LENGTH ? this.keys.text(bytes, start, end) : null
      case INTEGER:
        return isItsText(bytes, start, end) ? this.keys.text(bytes, start, end) : null
      case TRUE:
        return 'true'
      case FALSE:
        return 'false'
      case DECIMAL:
      case NULL:
      case NESTED:
      case ABSENT:
        return null
      default:
        return null
    }
  }
}

/** Whether an integer, as JSON writes it, is written as JavaScript would: all but -0 and those that may be rounded. */
function isItsText(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > MAX_PLAIN_DIGITS) return false
  return bytes[start] !== 0x2d || bytes[start + 1] !== 0x30
}

function planOf({ timestampField, keyField, columns, map, hasSchema }: Pipeline): Plan | null {
  if (timestampField === null || hasSchema) return null
  if (map !== undefined) return { names: [timestampField], timestamp: 0, key: -1, columns: [] }
  if (keyField === null) return null
  const names: string[] = []
  const placeOf = (name: string | null) => {
    if (name === null) return -1
    if (!names.includes(name)) names.push(name)
    return names.indexOf(name)
  }
  const [timestamp, key] = [placeOf(timestampField), placeOf(keyField)]
  const readers: Plan['columns'][number][] = []
  for (const [, { read }] of columns) {
    const reader = asFieldReader(read)
    if (reader === null) return null
    readers.push({ field: placeOf(reader.field), ofValue: reader.ofValue })
  }
  return { names, timestamp, key, columns: readers }
}
