import { statSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'

/** Parsers of option values. Each throws what an option takes, in words; commander adds the option's name. */
export type FlagParser<T> = (text: string) => T

export function number(min: number, max: number): FlagParser<number> {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`It takes a number from ${min} to ${max}.`)
  }
}

export function integer(min: number, max: number): FlagParser<number> {
  return (text) => {
    const value = number(min, max)(text)
    if (Number.isInteger(value)) return value
    throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`)
  }
}

export function oneOf<T extends string>(choices: readonly T[]): FlagParser<T> {
  return (text) => {
    const choice = choices.find((known) => known === text)
    if (choice !== undefined) return choice
    throw new InvalidArgumentError(`It takes one of ${choices.join(', ')}.`)
  }
}

export function url(text: string): string {
  const parsed = URL.canParse(text) ? new URL(text) : null
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return text
  throw new InvalidArgumentError('It takes an http or https URL, such as http://127.0.0.1:7070.')
}

/** A file that is there, which is better known before anything is started. */
export function existingFile(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return path
  throw new InvalidArgumentError('There is no such file.')
}

/** Fit for a header: letters, digits, dot, hyphen, underscore. */
export function word(maxLength: number): FlagParser<string> {
  return (text) => {
    if (/^[\w.-]+$/.test(text) && text.length <= maxLength) return text
    throw new InvalidArgumentError(`It takes up to ${maxLength} letters, digits, ".", "-" and "_".`)
  }
}
