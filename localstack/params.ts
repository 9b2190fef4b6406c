import { InvalidArgumentError } from 'commander'

/** Collects repeated `--param name=value` options, as `sls` has them. */
export function collectParam(given: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const [, name, value] = /^(\w+)=(.+)$/.exec(given) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be name=value.')
  return { ...before, [name]: value }
}
