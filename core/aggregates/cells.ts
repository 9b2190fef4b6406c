import type { Aggregate } from '../pipeline/aggregate'

/** Words that there is room for at first. */
const FIRST_WORDS = 32

/** The states of a pane as numbers side by side: no object for a state, and none for an event. */
export class Cells {
  numbers = new Float64Array(0)
  /** Lists of whole numbers, for states of no fixed length. */
  words = new Int32Array(0)
  private usedWords = 0
  /** Places of lists that were left for longer ones, by length. */
  private readonly free = new Map<number, number[]>()

  /** Makes room for so many numbers, and keeps those that are there. */
  resize(length: number): void {
    const numbers = new Float64Array(length)
    numbers.set(this.numbers)
    this.numbers = numbers
  }

  /** The place of so many words in a row, with any content. May replace `words`. */
  takeWords(length: number): number {
    const left = this.free.get(length)?.pop()
    if (left !== undefined) return left
    const place = this.usedWords
    this.usedWords += length
    if (this.usedWords > this.words.length) {
      const words = new Int32Array(Math.max(FIRST_WORDS, this.usedWords + (this.usedWords >>> 2)))
      words.set(this.words)
      this.words = words
    }
    return place
  }

  /** Leaves words to others. */
  giveWords(place: number, length: number): void {
    const free = this.free.get(length)
    if (free === undefined) this.free.set(length, [place])
    else free.push(place)
  }
}

/**
 * The second form of an aggregate, which keeps a state in a few numbers of `cells` from place `at`. `add`, `merge` and
 * `take` return false, and change nothing, where the state would not fit. It is then kept as an object: its first
 * number is NaN and its second says where, so that such a form has two numbers at least. All three must return false
 * for that too, on either side. A form of one number always fits.
 */
export interface CellForm<Value, State> {
  /** The numbers of an empty state. */
  readonly zero: readonly number[]
  add(cells: Cells, at: number, value: Value): boolean
  /** Joins the state at `fromAt` of `from` to the one at `at`; `from` stays as it is. */
  merge(cells: Cells, at: number, from: Cells, fromAt: number): boolean
  /** The same for a state that is an object. */
  take(cells: Cells, at: number, state: State): boolean
  /** The state as an object of its own. */
  read(cells: Cells, at: number): State
}

/**
 * By object, since a copy of an aggregate may have other methods (`{ ...sum('price'), present: ... }`), and must then
 * be used through them.
 */
const forms = new WeakMap<object, CellForm<unknown, unknown>>()

/** Gives an aggregate its second form; returns the aggregate. */
export function inCells<Value, State, Found extends Aggregate<Value, State, unknown>>(
  aggregate: Found & Aggregate<Value, State, unknown>,
  form: CellForm<Value, State>,
): Found {
  forms.set(aggregate, form as CellForm<unknown, unknown>)
  return aggregate
}

/** The second form of an aggregate, or null: those that users write have none. */
export const cellFormOf = (aggregate: Aggregate<unknown, unknown, unknown>): CellForm<unknown, unknown> | null =>
  forms.get(aggregate) ?? null
