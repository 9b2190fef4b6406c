import { PipelineTestError } from './pipeline-test-error'

/**
 * What a reader of the edge node gets of a result: the value after a trip through JSON. Throws PipelineTestError for a
 * value that would not arrive as it is, such as NaN, undefined, a Date or a Map. (-0 arrives as 0, which is equal.)
 */
export function readAsJson(value: unknown, of: string): unknown {
  if (isJson(value)) return JSON.parse(JSON.stringify(value))
  const kind = value instanceof Object ? value.constructor?.name : String(value)
  throw new PipelineTestError('not_json', `${of} holds no JSON value (${kind}), and results are JSON; change present()`)
}

function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isJson)
  if (typeof value !== 'object') return false
  const prototype = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isJson)
}
