type Method = (...args: never[]) => unknown

/**
 * Replaces a method of a class, a private one too: `instead` gets the original, bound, and the object and the arguments
 * of the call. Returns how to put the original back.
 */
export function around<Original extends Method, Self = unknown>(
  prototype: object,
  name: string,
  instead: (original: Original, self: Self, args: Parameters<Original>) => unknown,
): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
  if (typeof descriptor?.value !== 'function') throw new Error(`there is no method ${name}`)
  const original = descriptor.value as Original
  const value = function (this: Self, ...args: Parameters<Original>) {
    return instead(original.bind(this as never) as unknown as Original, this, args)
  }
  Object.defineProperty(prototype, name, { ...descriptor, value })
  return () => Object.defineProperty(prototype, name, descriptor)
}

/** Undoes several, last in, first out. */
export const together =
  (...undo: readonly (() => void)[]): (() => void) =>
  () => {
    for (const each of [...undo].reverse()) each()
  }

/**
 * Seeded random numbers (xoshiro128** by Blackman and Vigna, seeded with splitmix32). Each purpose of a seed has a
 * sequence of its own, so that one draw more for one purpose shifts no other.
 */
export class Random {
  private readonly state: [number, number, number, number]

  constructor(seed: number, purpose: string) {
    let mixed = seed | 0
    for (const char of purpose) mixed = scramble(mixed ^ char.charCodeAt(0))
    const word = () => {
      mixed = (mixed + 0x9e3779b9) | 0
      return scramble(mixed)
    }
    this.state = [word(), word(), word(), word() | 1] // never all zero, where the generator would stand still
  }

  /** Uniform in [0, 1). */
  fraction(): number {
    const s = this.state
    const result = Math.imul(rotate(Math.imul(s[1], 5), 7), 9) >>> 0
    const shifted = s[1] << 9
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= shifted
    s[3] = rotate(s[3], 11)
    return result / 0x1_0000_0000
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1))
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.between(0, choices.length - 1)]
    if (choice === undefined) throw new RangeError('there is nothing to pick from')
    return choice
  }
}

const rotate = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits))

function scramble(value: number): number {
  let x = value
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
  return x ^ (x >>> 15)
}
