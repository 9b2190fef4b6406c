import type { IncomingHttpHeaders } from 'node:http'

/** Who answers a request: one of the services, or nobody. */
export type Destination =
  | 'kinesis'
  | 'dynamodb'
  | 'sqs'
  | 'lambda'
  | 'lambda_runtime'
  | 'cloudformation'
  | 's3'
  | 'stats'
  | 'unknown'

const BY_TARGET_PREFIX: Readonly<Record<string, Destination>> = {
  Kinesis_20131202: 'kinesis',
  DynamoDB_20120810: 'dynamodb',
  AmazonSQS: 'sqs',
}

/**
 * Tells the service of a request on the one port by what its protocol shows: the JSON protocols name themselves in
 * `X-Amz-Target`, REST services by their path, the query protocol by its form encoding; what is left are buckets.
 */
export function routeOf(path: string, headers: IncomingHttpHeaders): Destination {
  const target = headers['x-amz-target']
  if (typeof target === 'string') return BY_TARGET_PREFIX[target.slice(0, target.indexOf('.'))] ?? 'unknown'
  if (path.startsWith('/_runtime/')) return 'lambda_runtime'
  if (path === '/_spillway/stats') return 'stats'
  if (path.startsWith('/2015-03-31/')) return 'lambda'
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return 'cloudformation'
  return path.length > 1 ? 's3' : 'unknown'
}
