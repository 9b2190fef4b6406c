/** The aggregates of FORMULAS, each as what it reads of an event and a plain accumulator over what was read. */
import { estimate, placeOf } from './distinct'
import { nearestDouble, unitsOf } from './exact-sum'
import { distinctText, type Fields, field, summable } from './field'
import { bucketOf, quantileOf } from './quantile'

/**
 * A running aggregate of one (window, key). `result` is null only while nothing was added to a min, max, mean,
 * quantile.
 */
export type Accumulator = { add(value: number): void; result(): number | null }

/** `read` gives undefined for a value that dead-letters the event. */
export type Aggregate = { read: (event: Fields) => number | undefined; start: () => Accumulator }

export function count(): Aggregate {
  return { read: () => 1, start: () => new Count() }
}

export function sum(name: string): Aggregate {
  return { read: number(name), start: () => new Sum() }
}

export function mean(name: string): Aggregate {
  return { read: number(name), start: () => new Mean() }
}

export function min(name: string): Aggregate {
  return { read: number(name), start: () => new Chosen(isSmaller) }
}

export function max(name: string): Aggregate {
  return { read: number(name), start: () => new Chosen(isLarger) }
}

export function quantile(name: string, q: number): Aggregate {
  return { read: number(name), start: () => new Quantile(q) }
}

export function distinct(name: string): Aggregate {
  return { read: place(name), start: () => new Distinct() }
}

function number(name: string): Aggregate['read'] {
  return (event) => summable(field(event, name))
}

/** Register and rank packed in one number, so that a value is hashed once however many windows it is in. */
function place(name: string): Aggregate['read'] {
  return (event) => {
    const text = distinctText(field(event, name))
    if (text === undefined) return undefined
    const { register, rank } = placeOf(text)
    return register * RANKS + rank
  }
}

const RANKS = 64

const isSmaller = (a: number, b: number) => a < b
const isLarger = (a: number, b: number) => a > b

class Count implements Accumulator {
  private events = 0
  add(): void {
    this.events += 1
  }
  result(): number {
    return this.events
  }
}

class Sum implements Accumulator {
  private units = 0n
  add(value: number): void {
    this.units += unitsOf(value)
  }
  result(): number {
    return nearestDouble(this.units)
  }
}

class Mean implements Accumulator {
  private readonly sum = new Sum()
  private events = 0
  add(value: number): void {
    this.sum.add(value)
    this.events += 1
  }
  result(): number | null {
    return this.events === 0 ? null : this.sum.result() / this.events
  }
}

class Chosen implements Accumulator {
  private chosen: number | null = null
  constructor(private readonly isBetter: (a: number, b: number) => boolean) {}
  add(value: number): void {
    if (this.chosen === null || this.isBetter(value, this.chosen)) this.chosen = value
  }
  result(): number | null {
    return this.chosen
  }
}

class Quantile implements Accumulator {
  private readonly counts = new Map<number, number>()
  constructor(private readonly q: number) {}
  add(value: number): void {
    const bucket = bucketOf(value)
    this.counts.set(bucket, (this.counts.get(bucket) ?? 0) + 1)
  }
  result(): number | null {
    return quantileOf(this.counts, this.q)
  }
}

class Distinct implements Accumulator {
  private readonly registers = new Map<number, number>()
  add(packedPlace: number): void {
    const register = Math.floor(packedPlace / RANKS)
    this.registers.set(register, Math.max(packedPlace % RANKS, this.registers.get(register) ?? 0))
  }
  result(): number {
    return estimate(this.registers)
  }
}
