import { asFieldReader, type FieldReader, Refusal } from './aggregate'
import type { Found } from './event'
import { canBeScanned, FieldScanner, UNSURE } from './field-scanner'
import { KeyCache, type TextOf } from './key-cache'
import { MAX_KEY_LENGTH, type Pipeline } from './pipeline'
import { timestampMsIn } from './timestamp'

/** What of a line is looked for: names, and the place of each use among them. */
interface Plan {
  readonly names: readonly string[]
  readonly timestamp: number
  /** -1 where `map` makes the event that has the key. */
  readonly key: number
  /** Places of the fields that columns read, each once. */
  readonly columnFields: readonly number[]
  /** Their place is -1 where a column reads nothing. */
  readonly columns: readonly { readonly field: number; readonly ofValue: FieldReader<unknown>['ofValue'] }[]
}

/**
 * Reads lines of a pipeline that names its fields without parsing them. What it finds is what `readLine` finds; where a
 * line is odd in any way, and wherever it would have to be refused, it finds nothing, and `readLine` decides.
 */
export class LineScanner {
  private readonly fields: FieldScanner
  private readonly keys: KeyCache
  /** What the fields of the line at hand hold. */
  private readonly fieldValues: unknown[]

  private constructor(
    private readonly plan: Plan,
    private readonly unit: Pipeline['timestampUnit'],
    private readonly textOf: TextOf,
  ) {
    this.fields = new FieldScanner(plan.names)
    this.keys = new KeyCache(textOf)
    this.fieldValues = plan.names.map(() => undefined)
  }

  /** Null for a pipeline whose fields are not known by name, or whose schema looks at the whole event. */
  static of(pipeline: Pipeline, textOf: TextOf): LineScanner | null {
    const plan = planOf(pipeline)
    return plan?.names.every(canBeScanned) === true ? new LineScanner(plan, pipeline.timestampUnit, textOf) : null
  }

  /** Of the line that was scanned last: where its object ends, its event time, and what folding it needs. */
  end = UNSURE
  timestampMs = Number.NaN
  found: Found | null = null

  /**
   * Scans the line that begins at `start`; false where it is not sure. The bytes up to its line feed are UTF-8, which
   * was checked.
   */
  scan(bytes: Uint8Array, start: number, latestMs: number): boolean {
    const { fields, plan } = this
    this.end = fields.scan(bytes, start)
    if (this.end === UNSURE) return false
    this.timestampMs = timestampMsIn(fields.value(bytes, plan.timestamp, this.textOf), this.unit)
    if (!(this.timestampMs <= latestMs)) return false
    this.found = null
    if (plan.key < 0) return true
    const key = fields.key(bytes, plan.key, MAX_KEY_LENGTH, this.keys)
    if (key === null) return false
    this.found = this.foundOf(bytes, key)
    return true
  }

  /** Null where a column has no value that it takes: then the event is a dead letter, and the fold says why. */
  private foundOf(bytes: Uint8Array, key: string): Found | null {
    const { fields, fieldValues } = this
    const { columns } = this.plan
    for (const field of this.plan.columnFields) {
      if (fields.isNested(field)) return null
      fieldValues[field] = fields.value(bytes, field, this.textOf)
    }
    const values = new Array<unknown>(columns.length)
    for (let column = 0; column < columns.length; column++) {
      const { field, ofValue } = columns[column]!
      const value = ofValue(fieldValues[field])
      if (typeof value === 'object' && value instanceof Refusal) return null
      values[column] = value
    }
    return { key, values }
  }
}

function planOf({ timestampField, keyField, columns, map, hasSchema }: Pipeline): Plan | null {
  if (timestampField === null || hasSchema) return null
  if (map !== undefined) return { names: [timestampField], timestamp: 0, key: -1, columnFields: [], columns: [] }
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
  const columnFields = [...new Set(readers.map(({ field }) => field))].filter((field) => field >= 0)
  return { names, timestamp, key, columnFields, columns: readers }
}
