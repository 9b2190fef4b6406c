import { z } from 'zod'
import type { MappingConfig } from '../event-source-mapping/mapping-config'
import { mappingConfig } from '../event-source-mapping/mapping-properties'
import type { StreamMode } from '../kinesis/kinesis-stream'
import type { FunctionConfig } from '../lambda/function-config'
import type { QueueSettings } from '../sqs/queue'
import { type JsonObject, TemplateError } from './intrinsics'
import type { Resource, TableSettings } from './resource'

/** What is known of a resource before its properties are read. */
export interface ResourceIdentity {
  readonly logicalId: string
  readonly type: string
  readonly name: string
  readonly physicalId: string
  /** Empty for types without one. */
  readonly arn: string
}

const integer = z.coerce.number().int()
const flag = z.union([z.boolean(), z.stringbool()])

const streamProperties = z.object({
  ShardCount: integer.positive().optional(),
  RetentionPeriodHours: integer.default(24),
  StreamModeDetails: z
    .object({ StreamMode: z.enum(['PROVISIONED', 'ON_DEMAND']) })
    .default({ StreamMode: 'PROVISIONED' }),
})

const consumerProperties = z.object({ ConsumerName: z.string(), StreamARN: z.string() })

const tableProperties = z.looseObject({
  TimeToLiveSpecification: z.object({ AttributeName: z.string(), Enabled: flag }).optional(),
})

const queueProperties = z.object({
  VisibilityTimeout: integer.default(30),
  MessageRetentionPeriod: integer.default(4 * 24 * 3600),
})

const functionProperties = z.object({
  Code: z.object({ S3Bucket: z.string(), S3Key: z.string() }),
  Handler: z.string(),
  Runtime: z.string().regex(/^nodejs/, 'the embedded cloud runs Node.js functions only'),
  Role: z.string(),
  Description: z.string().default(''),
  Timeout: integer.positive().default(3),
  MemorySize: integer.positive().default(128),
  Architectures: z.array(z.string()).default(['x86_64']),
  Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()) }).default({ Variables: {} }),
})

/** Properties of DynamoDB tables that have no effect here and that CreateTable does not take in this form. */
const TABLE_SETTINGS_WITHOUT_EFFECT = [
  'TimeToLiveSpecification',
  'SSESpecification',
  'PointInTimeRecoverySpecification',
]

/** Reads one resource, its properties evaluated. Throws TemplateError naming the property that is not as it must be. */
export function readResource(
  identity: ResourceIdentity,
  properties: JsonObject,
  settings: { readonly pollIntervalMs: number },
): Resource {
  const { logicalId, type, physicalId } = identity
  const base = { logicalId, type, physicalId }
  switch (type) {
    case 'AWS::Kinesis::Stream':
      return { ...base, kind: 'stream', ...readStream(identity, properties) }
    case 'AWS::Kinesis::StreamConsumer': {
      const { ConsumerName, StreamARN } = parse(consumerProperties, identity, properties)
      return { ...base, kind: 'consumer', name: ConsumerName, streamArn: StreamARN }
    }
    case 'AWS::DynamoDB::Table':
      return { ...base, kind: 'table', table: readTable(identity, properties) }
    case 'AWS::SQS::Queue':
      return { ...base, kind: 'queue', queue: readQueue(identity, properties) }
    case 'AWS::Lambda::Function':
      return { ...base, kind: 'function', ...readFunction(identity, properties) }
    case 'AWS::Lambda::EventSourceMapping':
      return {
        ...base,
        kind: 'event_source_mapping',
        mapping: readMapping(identity, properties, settings.pollIntervalMs),
      }
    case 'AWS::S3::Bucket':
      return { ...base, kind: 'bucket', name: identity.name }
    case 'AWS::S3::BucketPolicy':
    case 'AWS::IAM::Role':
    case 'AWS::IAM::ManagedPolicy':
    case 'AWS::Logs::LogGroup':
      return { ...base, kind: 'acknowledged' }
    default:
      throw new TemplateError(`Template format error: Unrecognized resource types: [${type}]`)
  }
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  { logicalId }: ResourceIdentity,
  properties: JsonObject,
): z.infer<Schema> {
  const parsed = schema.safeParse(properties)
  if (parsed.success) return parsed.data
  throw new TemplateError(`Properties validation failed for resource ${logicalId}: ${z.prettifyError(parsed.error)}`)
}

function readStream(identity: ResourceIdentity, properties: JsonObject) {
  const { ShardCount = 1, RetentionPeriodHours, StreamModeDetails } = parse(streamProperties, identity, properties)
  const mode: StreamMode =
    StreamModeDetails.StreamMode === 'ON_DEMAND'
      ? { kind: 'ON_DEMAND' }
      : { kind: 'PROVISIONED', shardCount: ShardCount }
  return { name: identity.name, mode, retentionHours: RetentionPeriodHours }
}

function readTable(identity: ResourceIdentity, properties: JsonObject): TableSettings {
  const { TimeToLiveSpecification: ttl } = parse(tableProperties, identity, properties)
  const kept = Object.entries(properties).filter(([key]) => !TABLE_SETTINGS_WITHOUT_EFFECT.includes(key))
  return {
    name: identity.name,
    createTable: { ...Object.fromEntries(kept), TableName: identity.name },
    ttlAttribute: ttl?.Enabled === true ? ttl.AttributeName : undefined,
  }
}

function readQueue(identity: ResourceIdentity, properties: JsonObject): QueueSettings {
  const { VisibilityTimeout, MessageRetentionPeriod } = parse(queueProperties, identity, properties)
  return {
    name: identity.name,
    visibilityTimeoutMs: VisibilityTimeout * 1000,
    retentionMs: MessageRetentionPeriod * 1000,
  }
}

function readFunction(identity: ResourceIdentity, properties: JsonObject) {
  const read = parse(functionProperties, identity, properties)
  const config: FunctionConfig = {
    name: identity.name,
    arn: identity.arn,
    roleArn: read.Role,
    description: read.Description,
    runtime: read.Runtime,
    architectures: read.Architectures,
    handler: read.Handler,
    timeoutMs: read.Timeout * 1000,
    memoryMegabytes: read.MemorySize,
    environment: read.Environment.Variables,
  }
  return { config, code: { bucket: read.Code.S3Bucket, key: read.Code.S3Key } }
}

function readMapping(identity: ResourceIdentity, properties: JsonObject, pollIntervalMs: number): MappingConfig {
  const executionRoleArn = 'arn:aws:iam::000000000000:role/embedded'
  try {
    return mappingConfig(properties, { uuid: identity.physicalId, executionRoleArn, pollIntervalMs })
  } catch (error) {
    throw new TemplateError(`${identity.logicalId}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
