import { type CellForm, Cells, cellFormOf } from '../aggregates/cells'
import type { Aggregate, Json } from '../pipeline/aggregate'
import type { Pipeline } from '../pipeline/pipeline'

/** Rows for which there is room at first: most panes of most envelopes have few keys. */
const FIRST_ROWS = 8
/** Up to so many rows, room is doubled. Beyond, a quarter is added, so that not half of the memory stands empty. */
const DOUBLING_ROWS = 1_024

/** Where the states of an aggregate are in each row: from `at` in the cells, or at `at` among the objects. */
interface Column {
  readonly aggregate: Aggregate<unknown, unknown, unknown>
  readonly form: CellForm<unknown, unknown> | null
  readonly at: number
}

/** How a row is laid out, which is the same for all panes of a pipeline. */
interface Layout {
  readonly columns: readonly Column[]
  /** The numbers of an empty row. */
  readonly zero: readonly number[]
  /** Objects of a row. */
  readonly objects: number
}

const layouts = new WeakMap<Pipeline['columns'], Layout>()

function layoutOf({ columns }: Pipeline): Layout {
  let layout = layouts.get(columns)
  if (layout === undefined) {
    layout = newLayout(columns)
    layouts.set(columns, layout)
  }
  return layout
}

function newLayout(named: Pipeline['columns']): Layout {
  const columns: Column[] = []
  const zero: number[] = []
  let objects = 0
  for (const [, aggregate] of named) {
    const form = cellFormOf(aggregate)
    columns.push({ aggregate, form, at: form === null ? objects++ : zero.length })
    if (form !== null) zero.push(...form.zero)
  }
  return { columns, zero, objects }
}

/**
 * The groups of a pane: a row for each key, in the order in which the keys came, with a state for each column of the
 * pipeline. Built-in aggregates have theirs in cells. Objects are what users' own aggregates keep, and the few states
 * that do not fit into cells.
 */
export class Groups {
  private readonly rows = new Map<string, number>()
  private readonly layout: Layout
  private readonly cells = new Cells()
  private readonly objects: unknown[] = []
  /** States that do not fit into their cells. The second number of such a cell says which it is. */
  private readonly spilled: unknown[] = []

  constructor(pipeline: Pipeline) {
    this.layout = layoutOf(pipeline)
  }

  get size(): number {
    return this.rows.size
  }

  /** The keys with their rows, in the order of the rows. */
  entries(): MapIterator<[string, number]> {
    return this.rows.entries()
  }

  keys(): MapIterator<string> {
    return this.rows.keys()
  }

  /** The row of a key, or undefined. */
  get(key: string): number | undefined {
    return this.rows.get(key)
  }

  /** The row of a key, made when it has none. */
  rowOf(key: string): number {
    return this.rows.get(key) ?? this.newRow(key)
  }

  /** Adds an event, as one value for each column. */
  add(row: number, values: readonly unknown[]): void {
    const { columns, zero, objects } = this.layout
    for (let i = 0; i < columns.length; i++) {
      const { aggregate, form, at } = columns[i]!
      if (form === null) {
        const place = row * objects + at
        this.objects[place] = aggregate.add(this.objects[place], values[i])
      } else {
        const place = row * zero.length + at
        if (form.add(this.cells, place, values[i])) continue
        this.spill(form, place, aggregate.add(this.stateIn(form, place), values[i]))
      }
    }
  }

  /** Joins a row of other groups of this pipeline to one of these. */
  merge(row: number, from: Groups, fromRow: number): void {
    const { columns, zero, objects } = this.layout
    for (const { aggregate, form, at } of columns) {
      if (form === null) {
        const place = row * objects + at
        this.objects[place] = aggregate.merge(this.objects[place], from.objects[fromRow * objects + at])
        continue
      }
      const place = row * zero.length + at
      const fromPlace = fromRow * zero.length + at
      if (form.merge(this.cells, place, from.cells, fromPlace)) continue
      this.spill(form, place, aggregate.merge(this.stateIn(form, place), from.stateIn(form, fromPlace)))
    }
  }

  /** Joins encoded states to a row. Throws a RangeError when one of them was not made by `encode`. */
  decode(row: number, states: readonly Json[]): void {
    const { columns, zero, objects } = this.layout
    columns.forEach(({ aggregate, form, at }, column) => {
      const state = aggregate.decode(states[column]!)
      if (form === null) {
        const place = row * objects + at
        this.objects[place] = aggregate.merge(this.objects[place], state)
        return
      }
      const place = row * zero.length + at
      if (!form.take(this.cells, place, state))
        this.spill(form, place, aggregate.merge(this.stateIn(form, place), state))
    })
  }

  /** The state of a row in a column, to be read only. */
  state(row: number, column: number): unknown {
    const { columns, zero, objects } = this.layout
    const { form, at } = columns[column]!
    return form === null ? this.objects[row * objects + at] : this.stateIn(form, row * zero.length + at)
  }

  private stateIn(form: CellForm<unknown, unknown>, place: number): unknown {
    return this.isSpilled(form, place) ? this.spilled[this.cells.numbers[place + 1]!] : form.read(this.cells, place)
  }

  private isSpilled(form: CellForm<unknown, unknown>, place: number): boolean {
    return form.zero.length > 1 && Number.isNaN(this.cells.numbers[place])
  }

  private spill(form: CellForm<unknown, unknown>, place: number, state: unknown): void {
    const { numbers } = this.cells
    if (this.isSpilled(form, place)) this.spilled[numbers[place + 1]!] = state
    else {
      numbers[place] = Number.NaN
      numbers[place + 1] = this.spilled.push(state) - 1
    }
  }

  private newRow(key: string): number {
    const { columns, zero } = this.layout
    const row = this.rows.size
    const start = row * zero.length
    if (start + zero.length > this.cells.numbers.length) this.cells.resize(roomFor(row) * zero.length)
    for (let i = 0; i < zero.length; i++) this.cells.numbers[start + i] = zero[i]!
    for (const { aggregate, form } of columns) if (form === null) this.objects.push(aggregate.zero())
    this.rows.set(key, row)
    return row
  }
}

/** For how many rows there is room once so many are there. */
function roomFor(rows: number): number {
  return rows < DOUBLING_ROWS ? Math.max(FIRST_ROWS, rows * 2) : rows + (rows >>> 2)
}
