import { z } from 'zod'
import { kinesisLimits } from '../kinesis/limits'
import type { StartingPosition } from '../kinesis/shard-reader'
import { InvalidMapping, type MappingConfig, type MappingUpdate } from './mapping-config'

/** What a mapping has besides the properties that its user writes. */
export interface MappingIdentity {
  readonly uuid: string
  readonly executionRoleArn: string
  readonly pollIntervalMs?: number
  readonly pushMs?: number
}

const sourceArn = /^arn:aws[^:]*:kinesis:([^:]+):(\d{12}):stream\/[a-zA-Z0-9_.-]+(\/consumer\/[a-zA-Z0-9_.-]+:\d+)?$/
const functionReference =
  /^(?:arn:aws[^:]*:lambda:[^:]+:\d{12}:function:|\d{12}:function:|function:)?([a-zA-Z0-9_-]+)(?::\$LATEST)?$/

/**
 * Lambda's documented ranges and defaults for a Kinesis mapping. CloudFormation templates may spell numbers and
 * booleans as text.
 */
const spelled = z.union(
  [
    z.number(),
    z
      .string()
      .regex(/^-?\d+$/)
      .transform(Number),
  ],
  'must be a number',
)
const integer = (min: number, max: number) => spelled.pipe(z.int().min(min).max(max))
const flag = z.union([z.boolean(), z.stringbool()])
const destination = z.object({
  Destination: z.string().regex(/^arn:aws[^:]*:(sqs|sns|s3):/, 'must be the ARN of a queue, a topic or a bucket'),
})

const propertiesSchema = z.strictObject({
  EventSourceArn: z.string().regex(sourceArn, 'must be the ARN of a Kinesis stream or of a consumer of one'),
  FunctionName: z.string().regex(functionReference, 'must be a function name or ARN without version or alias'),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP']),
  StartingPositionTimestamp: spelled.optional(),
  Enabled: flag.default(true),
  BatchSize: integer(1, 10_000).default(100),
  MaximumBatchingWindowInSeconds: integer(0, 300).default(0),
  ParallelizationFactor: integer(1, 10).default(1),
  BisectBatchOnFunctionError: flag.default(false),
  MaximumRetryAttempts: integer(-1, 10_000).default(-1),
  MaximumRecordAgeInSeconds: integer(-1, 604_800)
    .refine((seconds) => seconds === -1 || seconds >= 60, 'must be -1 or at least 60')
    .default(-1),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).max(1).default([]),
  DestinationConfig: z.strictObject({ OnFailure: destination.optional() }).default({}),
  // No window state is kept between invocations here, so only "no tumbling window" can be honoured.
  TumblingWindowInSeconds: integer(0, 0).default(0),
  Tags: z.unknown().optional(),
})

type Properties = z.infer<typeof propertiesSchema>

/**
 * Reads the properties of an `AWS::Lambda::EventSourceMapping` (or the body of CreateEventSourceMapping). Throws
 * InvalidMapping naming every property that is out of AWS's range or not embedded: an option that is ignored would make
 * local runs lie.
 */
export function mappingConfig(properties: Readonly<Record<string, unknown>>, identity: MappingIdentity): MappingConfig {
  const parsed = propertiesSchema.safeParse(properties)
  if (!parsed.success)
    throw new InvalidMapping(`Event source mapping: ${parsed.error.issues.map(issueText).join('; ')}`)
  const given = parsed.data
  return {
    uuid: identity.uuid,
    executionRoleArn: identity.executionRoleArn,
    pollIntervalMs: identity.pollIntervalMs ?? 1000,
    pushMs: identity.pushMs ?? kinesisLimits.pushMs,
    consumer: sourceArn.exec(given.EventSourceArn)?.[3] === undefined ? 'standard' : 'fan-out',
    enabled: given.Enabled,
    eventSourceArn: given.EventSourceArn,
    ...functionOf(given),
    startingPosition: startingPositionOf(given),
    batchSize: given.BatchSize,
    batchingWindowMs: given.MaximumBatchingWindowInSeconds * 1000,
    parallelizationFactor: given.ParallelizationFactor,
    reportBatchItemFailures: given.FunctionResponseTypes.length > 0,
    bisectBatchOnFunctionError: given.BisectBatchOnFunctionError,
    maximumRetryAttempts: infiniteIfMinusOne(given.MaximumRetryAttempts),
    maximumRecordAgeMs: infiniteIfMinusOne(given.MaximumRecordAgeInSeconds) * 1000,
    onFailureDestinationArn: given.DestinationConfig.OnFailure?.Destination,
  }
}

const updateSchema = z.strictObject({ ParallelizationFactor: integer(1, 10).optional() })

/**
 * Reads the body of UpdateEventSourceMapping. Throws InvalidMapping naming what is out of AWS's range, or cannot be
 * changed here: all but the parallelization factor, for which the stack has to be deployed again.
 */
export function mappingUpdate(body: unknown): MappingUpdate {
  const parsed = updateSchema.safeParse(body)
  if (!parsed.success)
    throw new InvalidMapping(`Event source mapping: ${parsed.error.issues.map(issueText).join('; ')}`)
  return { parallelizationFactor: parsed.data.ParallelizationFactor }
}

function infiniteIfMinusOne(value: number): number {
  return value === -1 ? Number.POSITIVE_INFINITY : value
}

function issueText(issue: z.core.$ZodIssue): string {
  const path = issue.path.join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}

function functionOf(given: Properties): { functionName: string; functionArn: string } {
  const [, region, account] = sourceArn.exec(given.EventSourceArn)!
  const functionName = functionReference.exec(given.FunctionName)![1]!
  const full = given.FunctionName.startsWith('arn:')
  return {
    functionName,
    functionArn: full ? given.FunctionName : `arn:aws:lambda:${region}:${account}:function:${functionName}`,
  }
}

function startingPositionOf(given: Properties): StartingPosition {
  const seconds = given.StartingPositionTimestamp
  if (given.StartingPosition !== 'AT_TIMESTAMP') {
    if (seconds !== undefined)
      throw new InvalidMapping('StartingPositionTimestamp is only valid with StartingPosition AT_TIMESTAMP')
    return { kind: given.StartingPosition }
  }
  if (seconds === undefined)
    throw new InvalidMapping('StartingPosition AT_TIMESTAMP needs StartingPositionTimestamp, in epoch seconds')
  return { kind: 'AT_TIMESTAMP', ms: seconds * 1000 }
}
