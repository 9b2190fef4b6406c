import { InvalidArgumentError } from 'commander'

/** Collects repeated `--param name=value` options, as `sls` has them. */
export function collectParam(given: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const [, name, value] = /^(\w+)=(.+)$/.exec(given) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be name=value.')
  return { ...before, [name]: value }
}

/** Reads an option that is a whole number of at least `least`. */
export function wholeNumber(least: number): (given: string) => number {
  return (given) => {
    const number = Number(given)
    if (Number.isInteger(number) && number >= least) return number
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`)
  }
}
