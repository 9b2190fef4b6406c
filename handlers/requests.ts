import { pipelineVersions } from '../cloud/deployment'
import type { Pipeline } from '../core/pipeline/pipeline'

/** The burst function was called with something else. AWS names the class as the error's type. */
export class NotABatch extends Error {
  override readonly name = 'NotABatch'
  readonly code = 'not_a_batch'
  readonly retryable = false

  constructor() {
    super('not a batch of envelopes: {"Records": [{"kinesis": {"sequenceNumber": TEXT, "data": BASE64}}]} is expected')
  }
}

/** The merge function was called with something else. */
export class NotAMerge extends Error {
  override readonly name = 'NotAMerge'
  readonly code = 'not_a_merge'
  readonly retryable = false

  constructor() {
    super(
      'not a window to merge: a manifest with "burst", or an order with "run", is expected, as the edge node sends it',
    )
  }
}

/** Whoever may call the function can send it anything. */
export function isBatch(event: unknown): boolean {
  const { Records } = fieldsOf(event)
  return Array.isArray(Records) && Records.every(isRecord)
}

function isRecord(record: unknown): boolean {
  const { sequenceNumber, data } = fieldsOf(fieldsOf(record).kinesis)
  return typeof sequenceNumber === 'string' && typeof data === 'string'
}

export function isMergeRequest(request: unknown): boolean {
  const { burst, run, pipeline, version, endMs } = fieldsOf(request)
  const isNamed = typeof pipeline === 'string' && typeof version === 'string' && typeof endMs === 'number'
  return isNamed && Array.isArray(run ?? burst)
}

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

/**
 * The value of an environment variable that the deployment sets. Throws when it is missing: the function is not
 * deployed as described.
 */
export function required(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '')
    throw new Error(`${name} is not set; deploy with serverless.yml, which sets it`)
  return value
}

/** The pipelines of a deployment by their names. Throws where two have the same. */
export function byName(pipelines: readonly Pipeline[]): ReadonlyMap<string, Pipeline> {
  const found = new Map(pipelines.map((pipeline) => [pipeline.name, pipeline]))
  if (found.size === pipelines.length) return found
  throw new Error(`two pipelines have one name, of ${pipelines.map(({ name }) => name).join(', ')}; rename one`)
}

/** The version that each pipeline was deployed with. Throws when the deployment does not say. */
export function deployedVersions(): (pipeline: string) => string | undefined {
  const versions = pipelineVersions(required('PIPELINE_VERSIONS'))
  return (pipeline) => versions[pipeline]
}
