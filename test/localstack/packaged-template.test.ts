import { beforeAll, describe, expect, test } from '@jest/globals'
import { unzipSync } from 'fflate'
import { pipelineVersions } from '../../cloud/deployment'
import { edgePartition } from '../../cloud/keys'
import { readTemplate } from '../../localstack/embedded/cloudformation/template'
import { ensurePackaged, type Packaged } from '../../localstack/package'
import { versionOf } from '../../program/version.cjs'

/** A package takes seconds to make; the next call finds it made. */
const PACKAGING_MS = 180_000

interface Statement {
  readonly Effect: string
  readonly Action: string | string[]
  readonly Resource: unknown
  readonly Condition?: unknown
}

interface TemplateResource {
  readonly Type: string
  readonly Properties: Record<string, unknown> & {
    readonly PolicyDocument?: { readonly Statement: Statement[] }
    readonly Policies?: readonly { readonly PolicyDocument: { readonly Statement: Statement[] } }[]
  }
}

let packaged: Packaged
/** What may be done where there is a stream, which is more than without one. */
const withStream = (statement: Statement): Statement =>
  (statement as unknown as { 'Fn::If'?: readonly [string, Statement] })['Fn::If']?.[1] ?? statement

let resources: Record<string, TemplateResource>

beforeAll(async () => {
  packaged = await ensurePackaged({ onProgress: () => {} })
  resources = JSON.parse(packaged.template).Resources
}, PACKAGING_MS)

const property = (logicalId: string, name: string): unknown => resources[logicalId]?.Properties[name]
const ofType = (type: string) => Object.entries(resources).filter(([, resource]) => resource.Type === type)

describe('least privilege', () => {
  /** IAM knows no resource for these, so a name cannot be given. */
  const ACTIONS_WITHOUT_RESOURCE = ['lambda:ListEventSourceMappings']

  const statementsOf = ({ Properties }: TemplateResource): Statement[] =>
    [
      ...(Properties.PolicyDocument?.Statement ?? []),
      ...(Properties.Policies ?? []).flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
    ].map(withStream)
  const allowed = () =>
    [...ofType('AWS::IAM::Role'), ...ofType('AWS::IAM::ManagedPolicy')].flatMap(([, resource]) =>
      statementsOf(resource),
    )

  test('nothing is allowed on every resource where IAM lets one be named', () => {
    const wild = allowed().filter(({ Resource }) => JSON.stringify(Resource).includes('*'))
    expect(wild.flatMap(({ Action }) => Action)).toEqual(ACTIONS_WITHOUT_RESOURCE)
  })

  test('no action has a wildcard', () => {
    const actions = allowed().flatMap(({ Action }) => Action)
    expect(actions.length).toBeGreaterThan(0)
    expect(actions.filter((action) => action.includes('*'))).toEqual([])
  })

  test('each function has a role of its own', () => {
    expect(property('BurstLambdaFunction', 'Role')).toEqual({ 'Fn::GetAtt': ['BurstRole', 'Arn'] })
    expect(property('MergeLambdaFunction', 'Role')).toEqual({ 'Fn::GetAtt': ['MergeRole', 'Arn'] })
    expect(
      ofType('AWS::IAM::Role')
        .map(([id]) => id)
        .sort(),
    ).toEqual(['BurstRole', 'MergeRole'])
  })

  test('the merger cannot write partials of envelopes, and the burst function cannot touch results', () => {
    const on = (role: string, table: string) =>
      statementsOf(resources[role]!)
        .filter(({ Resource }) => JSON.stringify(Resource).includes(table))
        .flatMap(({ Action }) => Action)
    expect(on('MergeRole', 'PartialsTable')).toEqual(['dynamodb:BatchGetItem', 'dynamodb:BatchWriteItem'])
    const writing = statementsOf(resources.MergeRole!).find(({ Condition }) => Condition !== undefined)
    expect(writing).toMatchObject({
      Action: ['dynamodb:BatchWriteItem'],
      Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['*#edge#*'] } },
    })
    expect(edgePartition({ pipeline: 'p', version: 'v', incarnation: 'i' }, 7)).toContain('#edge#')
    expect(on('BurstRole', 'PartialsTable')).toEqual(['dynamodb:PutItem', 'dynamodb:BatchWriteItem'])
    expect(on('BurstRole', 'ResultsTable')).toEqual([])
  })

  test('raising the capacity is a policy of its own, for the one stream and the one mapping', () => {
    const actionsOf = (policy: string) => statementsOf(resources[policy]!).flatMap(({ Action }) => Action)
    const raising = [
      'kinesis:UpdateShardCount',
      'kinesis:UpdateStreamWarmThroughput',
      'lambda:UpdateEventSourceMapping',
    ]
    expect(actionsOf('EdgeNodeScalingPolicy')).toEqual(raising)
    expect(actionsOf('EdgeNodePolicy').filter((action) => raising.includes(action))).toEqual([])
    const [onStream, onMapping] = statementsOf(resources.EdgeNodeScalingPolicy!)
    expect(onStream?.Resource).toEqual({ 'Fn::GetAtt': ['OverflowStream', 'Arn'] })
    const account = `\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}`
    expect(onMapping?.Resource).toEqual({
      'Fn::Sub': `arn:${account}:event-source-mapping:\${BurstEventSourceMappingKinesisOverflowStream}`,
    })
    expect(onMapping?.Condition).toEqual({
      ArnEquals: { 'lambda:FunctionArn': { 'Fn::GetAtt': ['BurstLambdaFunction', 'Arn'] } },
    })
  })
})

test('the outputs say which pipelines the functions have: the edge node reads them at each start', () => {
  const { Outputs } = JSON.parse(packaged.template)
  const versions = Outputs.PipelineVersions.Value
  expect(pipelineVersions(versions)).toMatchObject({
    bids: versionOf('pipelines/bids.ts'),
    hot: versionOf('pipelines/hot.ts'),
  })
  for (const name of ['BurstLambdaFunction', 'MergeLambdaFunction'])
    expect(property(name, 'Environment')).toMatchObject({ Variables: { PIPELINE_VERSIONS: versions } })
})

describe('the consumer of the stream', () => {
  const condition = () => JSON.parse(packaged.template).Conditions.IsFanOut

  test('is there by default, and the function may subscribe to it alone', () => {
    expect(resources.OverflowConsumer).toEqual({
      Type: 'AWS::Kinesis::StreamConsumer',
      Condition: 'IsFanOut',
      Properties: { ConsumerName: 'spillway-dev-burst', StreamARN: { 'Fn::GetAtt': ['OverflowStream', 'Arn'] } },
    })
    expect(condition()).toEqual({ 'Fn::And': [{ Condition: 'HasStream' }, { 'Fn::Equals': ['fan-out', 'fan-out'] }] })
    const subscribing = resources
      .BurstRole!.Properties.Policies!.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
      .map(withStream)
      .filter(({ Action }) => Action.includes('kinesis:SubscribeToShard'))
    expect(subscribing.map(({ Resource }) => Resource)).toEqual([{ Ref: 'OverflowConsumer' }])
  })
})

describe('a deployment for calls', () => {
  const PLACE = { endpoint: 'http://127.0.0.1', region: 'us-east-1', stackId: 'arn:stack', stackName: 'spillway-dev' }
  const typesOf = (has: 'yes' | 'no') => {
    const template = JSON.parse(packaged.template)
    expect(template.Conditions.HasStream).toEqual({ 'Fn::Equals': ['yes', 'yes'] })
    const Conditions = { ...template.Conditions, HasStream: { 'Fn::Equals': [has, 'yes'] } }
    const body = JSON.stringify({ ...template, Conditions })
    const read = readTemplate(body, { place: PLACE, parameters: {}, pollIntervalMs: 1_000 })
    return { types: read.resources.map(({ type }) => type), outputs: read.outputs.map(({ key }) => key) }
  }

  test('has all but stream, consumer, mapping, and the policy to raise their capacity', () => {
    const [calls, stream] = [typesOf('no'), typesOf('yes')]
    const onlyWith = (of: 'types' | 'outputs') => {
      const rest = [...calls[of]] as string[]
      return stream[of].filter((each) => !rest.includes(each) || rest.splice(rest.indexOf(each), 1).length === 0)
    }
    expect(onlyWith('types').sort()).toEqual([
      'AWS::IAM::ManagedPolicy',
      'AWS::Kinesis::Stream',
      'AWS::Kinesis::StreamConsumer',
      'AWS::Lambda::EventSourceMapping',
    ])
    expect(onlyWith('outputs').sort()).toEqual(['EdgeNodeScalingPolicyArn', 'StreamName'])
  })

  test('refers to none of them: CloudFormation refuses what is not there', () => {
    const always = Object.entries(resources).filter(([, resource]) => !('Condition' in resource))
    const withoutStream = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(withoutStream)
      if (typeof value !== 'object' || value === null) return value
      if ('Fn::If' in value) return (value['Fn::If'] as unknown[])[2]
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutStream(each)]))
    }
    expect(
      always.filter(([, resource]) => /Overflow/.test(JSON.stringify(withoutStream(resource)))).map(([id]) => id),
    ).toEqual([])
  })
})

describe('what is deployed', () => {
  test('the event source mapping has every option set', () => {
    expect(resources.BurstEventSourceMappingKinesisOverflowStream?.Properties).toEqual({
      EventSourceArn: { Ref: 'OverflowConsumer' },
      FunctionName: { 'Fn::GetAtt': ['BurstLambdaFunction', 'Arn'] },
      Enabled: true,
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      ParallelizationFactor: 4,
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 3,
      MaximumRecordAgeInSeconds: 120,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['OnFailureQueue', 'Arn'] } } },
    })
  })

  test.each(['BurstLambdaFunction', 'MergeLambdaFunction'])(
    '%s runs Node.js 22 on arm64 and knows its tables',
    (id) => {
      expect(resources[id]?.Properties).toMatchObject({
        Runtime: 'nodejs22.x',
        Architectures: ['arm64'],
        MemorySize: 1024,
        Timeout: 60,
        Environment: {
          Variables: {
            PARTIALS_TABLE: 'spillway-dev-partials',
            RESULTS_TABLE: 'spillway-dev-results',
            PIPELINE_VERSIONS: expect.stringMatching(/^[-a-z0-9]+:[0-9a-f]{12}(,[-a-z0-9]+:[0-9a-f]{12})*$/),
          },
        },
      })
    },
  )

  test.each(['PartialsTable', 'ResultsTable'])('%s is encrypted, pays by request, and its items expire', (id) => {
    expect(resources[id]?.Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAtS', Enabled: true },
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    })
  })

  test('each function is one small bundle that needs nothing else', () => {
    expect(packaged.artifacts).toHaveLength(2)
    for (const { key, zip } of packaged.artifacts) {
      expect(key).toMatch(/(burst|merge)\.zip$/)
      expect(Object.keys(unzipSync(zip))).toEqual(['handlers/functions.js'])
      expect(zip.length).toBeLessThan(400_000)
    }
  })
})

test(
  'a package whose sources are the same is not made again',
  async () => {
    const lines: string[] = []
    const again = await ensurePackaged({ onProgress: (line) => lines.push(line) })
    expect(lines).toEqual([])
    expect(again.template).toBe(packaged.template)
  },
  PACKAGING_MS,
)
