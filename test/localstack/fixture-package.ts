import { zipSync } from 'fflate'
import type { Packaged } from '../../localstack/package'

/** A table of items by pk and sk, as a resource of a template. */
export const fixtureTable = (TableName: string) => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  },
})

export interface FixtureFunction {
  /** JavaScript of the file `index.js`, which exports `handler`. */
  readonly source: string
  readonly timeoutS?: number
  readonly handler?: string
}

const BUCKET = { Type: 'AWS::S3::Bucket' }
const BUCKET_OUTPUT = { ServerlessDeploymentBucketName: { Value: { Ref: 'Bucket' } } }

/** A deployment package such as `sls package` makes, of functions given as text. They are called by their names. */
export function fixturePackage(
  functions: Readonly<Record<string, FixtureFunction>>,
  moreResources: object = {},
  stage = 'test',
): Packaged {
  const resources = Object.entries(functions).map(([name, fixture]) => [name, functionResource(name, fixture)])
  const template = {
    Resources: { Bucket: BUCKET, ...Object.fromEntries(resources), ...moreResources },
    Outputs: BUCKET_OUTPUT,
  }
  return {
    service: 'spillway',
    stage,
    region: 'us-east-1',
    bucketTemplate: JSON.stringify({ Resources: { Bucket: BUCKET }, Outputs: BUCKET_OUTPUT }),
    template: JSON.stringify(template),
    artifacts: Object.entries(functions).map(([name, { source }]) => ({
      key: keyOf(name, source),
      zip: zipOf(source),
    })),
  }
}

function functionResource(name: string, { source, timeoutS = 30, handler = 'index.handler' }: FixtureFunction): object {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: name,
      Code: { S3Bucket: { Ref: 'Bucket' }, S3Key: keyOf(name, source) },
      Handler: handler,
      Runtime: 'nodejs22.x',
      Role: 'arn:aws:iam::000000000000:role/fixture',
      Timeout: timeoutS,
      MemorySize: 128,
      Environment: { Variables: { COLOR: 'green' } },
    },
  }
}

const keyOf = (name: string, source: string): string => `${source.length}/${name}.zip`

function zipOf(source: string): Buffer {
  return Buffer.from(zipSync({ 'index.js': Buffer.from(source) }))
}

/** A mapping of the stream `Flow` to a function of the package, from its oldest record on, with these properties. */
export const fixtureMapping = (functionName: string, properties: object = {}): object => ({
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: {
    EventSourceArn: { 'Fn::GetAtt': ['Flow', 'Arn'] },
    FunctionName: { Ref: functionName },
    StartingPosition: 'TRIM_HORIZON',
    ...properties,
  },
})
