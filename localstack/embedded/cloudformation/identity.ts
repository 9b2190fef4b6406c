import { createHash } from 'node:crypto'
import { ACCOUNT_ID, arn } from '../arn'
import { queueUrl } from '../sqs/service'
import { TemplateError } from './intrinsics'

/** Where a stack lives; what its resources' ids are made of. */
export interface StackPlace {
  readonly stackName: string
  readonly stackId: string
  readonly region: string
  readonly endpoint: string
}

/**
 * How the resources of a type are called. All of it follows from the name, so a template can be read before anything
 * exists.
 */
interface Naming {
  /** The property with the name that the template may give. */
  readonly property?: string
  readonly ref: (name: string, place: StackPlace) => string
  readonly attributes: Readonly<Record<string, (name: string, place: StackPlace) => string>>
}

const byName = (name: string): string => name

const inRegion =
  (service: string, prefix = '', suffix = '') =>
  (name: string, { region }: StackPlace): string =>
    arn(service, region, prefix + name + suffix)

const iam = (kind: string) => (name: string) => `arn:aws:iam::${ACCOUNT_ID}:${kind}/${name}`

/** When the consumers of a template were made: their ARNs have it, and a template is read before anything is made. */
export const FROM_A_TEMPLATE_MS = 1_000

/** A consumer is called by its ARN, which has more of it than its name. */
export const isNamedByProperties = (type: string): boolean => type === 'AWS::Kinesis::StreamConsumer'

export function nameOfProperties({ StreamARN, ConsumerName }: Readonly<Record<string, unknown>>): string {
  return `${StreamARN}/consumer/${ConsumerName}:${FROM_A_TEMPLATE_MS / 1000}`
}

const NAMINGS: Readonly<Record<string, Naming>> = {
  'AWS::Kinesis::Stream': { property: 'Name', ref: byName, attributes: { Arn: inRegion('kinesis', 'stream/') } },
  'AWS::Kinesis::StreamConsumer': { ref: byName, attributes: { ConsumerARN: byName } },
  'AWS::DynamoDB::Table': { property: 'TableName', ref: byName, attributes: { Arn: inRegion('dynamodb', 'table/') } },
  'AWS::SQS::Queue': {
    property: 'QueueName',
    ref: (name, { endpoint }) => queueUrl(endpoint, name),
    attributes: {
      Arn: inRegion('sqs'),
      QueueName: byName,
      QueueUrl: (name, { endpoint }) => queueUrl(endpoint, name),
    },
  },
  'AWS::Lambda::Function': {
    property: 'FunctionName',
    ref: byName,
    attributes: { Arn: inRegion('lambda', 'function:') },
  },
  'AWS::Lambda::EventSourceMapping': { ref: uuidOf, attributes: { Id: uuidOf } },
  'AWS::S3::Bucket': { property: 'BucketName', ref: byName, attributes: { Arn: (name) => `arn:aws:s3:::${name}` } },
  'AWS::S3::BucketPolicy': { ref: byName, attributes: {} },
  'AWS::IAM::Role': { property: 'RoleName', ref: byName, attributes: { Arn: iam('role') } },
  'AWS::IAM::ManagedPolicy': { property: 'ManagedPolicyName', ref: iam('policy'), attributes: {} },
  'AWS::Logs::LogGroup': {
    property: 'LogGroupName',
    ref: byName,
    attributes: { Arn: inRegion('logs', 'log-group:', ':*') },
  },
}

export const KNOWN_TYPES: readonly string[] = Object.keys(NAMINGS)

/** The property that may hold the name of a resource of this type. */
export function namePropertyOf(type: string): string | undefined {
  return NAMINGS[type]?.property
}

/** The name of a resource whose template gives none: the same for the same stack, so an update finds it again. */
export function generatedName(type: string, logicalId: string, { stackName }: StackPlace): string {
  const name = `${stackName}-${logicalId}-${digestOf(`${stackName}/${logicalId}`).slice(0, 12)}`
  return type === 'AWS::S3::Bucket' ? name.toLowerCase() : name
}

/** What `Ref` gives. */
export function physicalId(type: string, name: string, place: StackPlace): string {
  return namingOf(type).ref(name, place)
}

/** What `Fn::GetAtt` gives. */
export function attributeOf(type: string, name: string, attribute: string, place: StackPlace): string {
  const compute = namingOf(type).attributes[attribute]
  if (compute === undefined) throw new TemplateError(`Template error: ${type} has no attribute ${attribute} here`)
  return compute(name, place)
}

function namingOf(type: string): Naming {
  const naming = NAMINGS[type]
  if (naming !== undefined) return naming
  throw new TemplateError(
    `Template format error: Unrecognized resource types: [${type}]. The embedded cloud knows ${KNOWN_TYPES.join(', ')}`,
  )
}

function uuidOf(name: string): string {
  const hex = digestOf(name)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
