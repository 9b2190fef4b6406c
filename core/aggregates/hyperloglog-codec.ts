import type { Json } from '../pipeline/aggregate'
import { malformed } from './aggregates'
import {
  MAX_RANK,
  MAX_SPARSE,
  type Observation,
  RANK_BITS,
  REGISTERS,
  type Registers,
  rankOf,
  registerOf,
} from './hyperloglog'

/** base64url: a rank is one digit, an observation three. */
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const DIGIT_OF = new Map([...DIGITS].map((digit, value) => [digit, value]))
const DIGITS_PER_OBSERVATION = 3

/**
 * Sparse registers as three digits for each observation, dense ones as one digit for each register; the length tells
 * which.
 */
export function encodeRegisters(registers: Registers): string {
  let digits = ''
  if (Array.isArray(registers)) for (const observation of registers) digits += observationDigits(observation)
  else for (const rank of registers) digits += DIGITS[rank]
  return digits
}

/** Throws a RangeError when `json` was not made by `encodeRegisters`. */
export function decodeRegisters(signature: string, json: Json): Registers {
  if (typeof json !== 'string') throw malformed(signature, 'a string', json)
  const digits = Array.from(json, (digit) => digitValue(signature, digit))
  return digits.length === REGISTERS ? decodeDense(signature, digits) : decodeSparse(signature, digits)
}

function observationDigits(observation: Observation): string {
  const register = registerOf(observation)
  return DIGITS[register >>> RANK_BITS]! + DIGITS[register & 63]! + DIGITS[rankOf(observation)]!
}

function digitValue(signature: string, digit: string): number {
  const value = DIGIT_OF.get(digit)
  if (value === undefined) throw malformed(signature, 'a base64url digit', digit)
  return value
}

function decodeDense(signature: string, ranks: number[]): Uint8Array {
  const tooHigh = ranks.find((rank) => rank > MAX_RANK)
  if (tooHigh !== undefined) throw malformed(signature, `a rank up to ${MAX_RANK}`, tooHigh)
  const used = ranks.filter((rank) => rank > 0).length
  if (used <= MAX_SPARSE) throw malformed(signature, `more than ${MAX_SPARSE} registers in use`, used)
  return Uint8Array.from(ranks)
}

function decodeSparse(signature: string, digits: number[]): Observation[] {
  if (digits.length % DIGITS_PER_OBSERVATION !== 0 || digits.length > MAX_SPARSE * DIGITS_PER_OBSERVATION) {
    throw malformed(signature, `up to ${MAX_SPARSE} observations or ${REGISTERS} ranks`, digits.length)
  }
  const observations: Observation[] = []
  for (let i = 0; i < digits.length; i += DIGITS_PER_OBSERVATION) {
    const observation = (digits[i]! << (2 * RANK_BITS)) | (digits[i + 1]! << RANK_BITS) | digits[i + 2]!
    checkNext(signature, observation, observations.at(-1))
    observations.push(observation)
  }
  return observations
}

function checkNext(signature: string, observation: Observation, previous: Observation | undefined): void {
  const rank = rankOf(observation)
  if (rank < 1 || rank > MAX_RANK) throw malformed(signature, `a rank from 1 to ${MAX_RANK}`, rank)
  if (previous !== undefined && registerOf(observation) <= registerOf(previous)) {
    throw malformed(signature, 'ascending registers', registerOf(observation))
  }
}
