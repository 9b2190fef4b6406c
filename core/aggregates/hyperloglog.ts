import { murmur3 } from './murmur3'

/** What a value does to the registers: register * 64 + rank, with 4,096 registers and ranks from 1 to 53. */
export type Observation = number

/**
 * HyperLogLog registers in one of two forms. Up to `MAX_SPARSE` registers above zero: the highest observation of each,
 * ascending by register. Beyond that: one byte for each register. The number above zero alone decides, so equal
 * registers are equal states.
 */
export type Registers = Observation[] | Uint8Array

/** p = 12. */
export const REGISTERS = 4096

/** 1 + the 52 bits of a hash that do not choose the register. */
export const MAX_RANK = 53

/** An array of 256 observations takes half the memory of the bytes; beyond that, inserting costs more than it saves. */
export const MAX_SPARSE = 256

/** Bits of an observation that hold the rank. */
export const RANK_BITS = 6

const RANK_MASK = 63

/** Seeds of the two halves of a 64-bit hash. The second is the golden ratio, as good as any other. */
const SEED_1 = 0
const SEED_2 = 0x9e3779b9

/** Hashes a text to the register it belongs to and its rank there. */
export function observationOf(text: string): Observation {
  const h1 = murmur3(text, SEED_1)
  const low20 = h1 & 0xfffff
  // `clz32` counts in 32 bits, of which the value has 20. The rank is the number of leading zeros plus one.
  const rank = low20 !== 0 ? Math.clz32(low20) - 11 : 21 + Math.clz32(murmur3(text, SEED_2))
  return ((h1 >>> 20) << RANK_BITS) | rank
}

export const registerOf = (observation: Observation): number => observation >>> RANK_BITS

export const rankOf = (observation: Observation): number => observation & RANK_MASK

/** Raises a register to the observed rank; may change and return `registers`. */
export function observe(registers: Registers, observation: Observation): Registers {
  return Array.isArray(registers) ? observeSparse(registers, observation) : observeDense(registers, observation)
}

/** The higher rank of each register; may change and return `into`, never changes `from`. */
export function mergeRegisters(into: Registers, from: Registers): Registers {
  if (Array.isArray(from)) return from.reduce<Registers>(observe, into)
  if (Array.isArray(into)) return mergeRegisters(from.slice(), into)
  for (let register = 0; register < REGISTERS; register++) {
    if (from[register]! > into[register]!) into[register] = from[register]!
  }
  return into
}

function observeDense(ranks: Uint8Array, observation: Observation): Uint8Array {
  const register = registerOf(observation)
  if (rankOf(observation) > ranks[register]!) ranks[register] = rankOf(observation)
  return ranks
}

function observeSparse(observations: Observation[], observation: Observation): Registers {
  const at = positionOf(observations, registerOf(observation))
  const present = observations[at]
  if (present !== undefined && registerOf(present) === registerOf(observation)) {
    if (observation > present) observations[at] = observation
    return observations
  }
  observations.splice(at, 0, observation)
  return observations.length <= MAX_SPARSE ? observations : toDense(observations)
}

/** Where the observation of `register` is, or belongs. */
function positionOf(observations: Observation[], register: number): number {
  let low = 0
  let high = observations.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (registerOf(observations[middle]!) < register) low = middle + 1
    else high = middle
  }
  return low
}

function toDense(observations: Observation[]): Uint8Array {
  return observations.reduce(observeDense, new Uint8Array(REGISTERS))
}
