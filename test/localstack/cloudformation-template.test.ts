import { describe, expect, test } from '@jest/globals'
import { evaluate, evaluateCondition, type Json, type Scope } from '../../localstack/embedded/cloudformation/intrinsics'
import { type ReadSettings, readTemplate } from '../../localstack/embedded/cloudformation/template'

const scope: Scope = {
  ref: (name) => (name === 'AWS::NoValue' ? undefined : `<${name}>`),
  attribute: (logicalId, attribute) => `<${logicalId}.${attribute}>`,
  condition: (name) => name === 'Yes',
}

describe('intrinsic functions', () => {
  test.each<[string, Json, Json | undefined]>([
    ['a plain value stays', { a: [1, true, null, 'x'] }, { a: [1, true, null, 'x'] }],
    ['Ref', { Ref: 'Stream' }, '<Stream>'],
    ['GetAtt as a list', { 'Fn::GetAtt': ['Stream', 'Arn'] }, '<Stream.Arn>'],
    ['GetAtt as text, with dots in the attribute', { 'Fn::GetAtt': 'Nested.Outputs.Arn' }, '<Nested.Outputs.Arn>'],
    ['Sub', { 'Fn::Sub': `a-\${AWS::Region}-\${Stream.Arn}-\${!Literal}` }, `a-<AWS::Region>-<Stream.Arn>-\${Literal}`],
    ['Sub with variables of its own', { 'Fn::Sub': [`\${A}/\${B}`, { A: { Ref: 'X' } }] }, '<X>/<B>'],
    ['Join', { 'Fn::Join': [':', ['arn', { Ref: 'AWS::Partition' }, 1]] }, 'arn:<AWS::Partition>:1'],
    ['Split', { 'Fn::Split': [',', 'a,b'] }, ['a', 'b']],
    ['Select', { 'Fn::Select': ['1', { 'Fn::Split': [',', 'a,b'] }] }, 'b'],
    ['If that holds', { 'Fn::If': ['Yes', 'then', 'else'] }, 'then'],
    ['If that does not', { 'Fn::If': ['No', 'then', { Ref: 'Else' }] }, '<Else>'],
    ['AWS::NoValue leaves a property out', { a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
    ['AWS::NoValue leaves an entry out', [1, { 'Fn::If': ['No', 2, { Ref: 'AWS::NoValue' }] }], [1]],
    [
      'a property called Condition is no function',
      { Condition: { Bool: { a: false } } },
      { Condition: { Bool: { a: false } } },
    ],
  ])('%s', (_, value, expected) => {
    expect(evaluate(value, scope)).toEqual(expected)
  })

  test.each<[string, Json, boolean]>([
    ['Equals', { 'Fn::Equals': [{ Ref: 'X' }, '<X>'] }, true],
    ['And', { 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] }, false],
    ['Or', { 'Fn::Or': [{ Condition: 'Yes' }, { Condition: 'No' }] }, true],
    ['Not', { 'Fn::Not': [{ 'Fn::Equals': ['a', 'a'] }] }, false],
  ])('the condition %s', (_, condition, expected) => {
    expect(evaluateCondition(condition, scope)).toBe(expected)
  })

  test.each<[string, Json, RegExp]>([
    ['an unknown function', { 'Fn::ImportValue': 'x' }, /does not know the function Fn::ImportValue/],
    ['a Join of no list', { 'Fn::Join': [',', 'x'] }, /Fn::Join needs a list/],
    ['a Select beyond the end', { 'Fn::Select': [2, ['a']] }, /cannot select beyond/],
  ])('%s is refused', (_, value, message) => {
    expect(() => evaluate(value, scope)).toThrow(message)
  })
})

const SETTINGS: ReadSettings = {
  place: {
    stackName: 'shop-dev',
    stackId: 'arn:aws:cloudformation:eu-central-1:000000000000:stack/shop-dev/1',
    region: 'eu-central-1',
    endpoint: 'http://127.0.0.1:1',
  },
  parameters: {},
  pollIntervalMs: 1000,
}

const read = (template: object, parameters = {}) => readTemplate(JSON.stringify(template), { ...SETTINGS, parameters })

describe('reading a template', () => {
  test('names, references and outputs are resolved, whatever the order of the resources', () => {
    const { resources, outputs } = read({
      Parameters: { Shards: { Type: 'Number', Default: 2 } },
      Resources: {
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            EventSourceArn: { 'Fn::GetAtt': ['Stream', 'Arn'] },
            FunctionName: { 'Fn::GetAtt': ['Worker', 'Arn'] },
            StartingPosition: 'TRIM_HORIZON',
            ParallelizationFactor: 3,
          },
        },
        Worker: {
          Type: 'AWS::Lambda::Function',
          Properties: {
            FunctionName: { 'Fn::Sub': `\${AWS::StackName}-worker` },
            Code: { S3Bucket: { Ref: 'Bucket' }, S3Key: 'worker.zip' },
            Handler: 'worker.handler',
            Runtime: 'nodejs22.x',
            Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
            Timeout: '60',
            Environment: { Variables: { QUEUE: { Ref: 'Queue' }, SHARDS: { Ref: 'Shards' } } },
          },
        },
        Bucket: { Type: 'AWS::S3::Bucket' },
        Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'failures', MessageRetentionPeriod: 60 } },
        Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'worker-role' } },
        Stream: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'flow', ShardCount: { Ref: 'Shards' } } },
      },
      Outputs: {
        Stream: { Value: { Ref: 'Stream' } },
        Worker: { Value: { 'Fn::GetAtt': 'Worker.Arn' }, Export: { Name: 'w' } },
      },
    })
    const byId = Object.fromEntries(resources.map((resource) => [resource.logicalId, resource]))
    expect(byId.Stream).toMatchObject({ kind: 'stream', name: 'flow', mode: { kind: 'PROVISIONED', shardCount: 2 } })
    expect(byId.Queue).toMatchObject({ kind: 'queue', queue: { name: 'failures', retentionMs: 60_000 } })
    expect(byId.Role).toEqual({
      kind: 'acknowledged',
      logicalId: 'Role',
      type: 'AWS::IAM::Role',
      physicalId: 'worker-role',
    })
    expect(byId.Worker).toMatchObject({
      kind: 'function',
      config: {
        name: 'shop-dev-worker',
        roleArn: 'arn:aws:iam::000000000000:role/worker-role',
        timeoutMs: 60_000,
        environment: { QUEUE: 'http://127.0.0.1:1/000000000000/failures', SHARDS: '2' },
      },
      code: { bucket: byId.Bucket?.physicalId, key: 'worker.zip' },
    })
    expect(byId.Mapping).toMatchObject({
      kind: 'event_source_mapping',
      mapping: {
        eventSourceArn: 'arn:aws:kinesis:eu-central-1:000000000000:stream/flow',
        functionName: 'shop-dev-worker',
        parallelizationFactor: 3,
      },
    })
    expect(outputs).toEqual([
      { key: 'Stream', value: 'flow', exportName: undefined },
      { key: 'Worker', value: 'arn:aws:lambda:eu-central-1:000000000000:function:shop-dev-worker', exportName: 'w' },
    ])
  })

  test('a resource without a name gets one, always the same for the same stack', () => {
    const template = { Resources: { Bucket: { Type: 'AWS::S3::Bucket' } } }
    const [bucket] = read(template).resources
    expect(bucket?.physicalId).toMatch(/^shop-dev-bucket-[0-9a-f]{12}$/)
    expect(read(template).resources).toEqual([bucket])
  })

  test('a parameter that is given replaces its default', () => {
    const template = {
      Parameters: { Name: { Default: 'a' } },
      Resources: { Stream: { Type: 'AWS::Kinesis::Stream', Properties: { Name: { Ref: 'Name' } } } },
    }
    expect(read(template, { Name: 'b' }).resources[0]).toMatchObject({ name: 'b' })
  })

  test('what its condition excludes does not exist', () => {
    const conditional = { Type: 'AWS::Kinesis::Stream', Condition: 'Off', Properties: { Name: 'x' } }
    const description = read({
      Conditions: { Off: { 'Fn::Equals': ['a', 'b'] } },
      Resources: { Stream: conditional },
      Outputs: { Stream: { Condition: 'Off', Value: { Ref: 'Stream' } } },
    })
    expect(description).toEqual({ resources: [], outputs: [] })
  })

  test('a table keeps what CreateTable takes; its time to live is told apart', () => {
    const { resources } = read({
      Resources: {
        Table: {
          Type: 'AWS::DynamoDB::Table',
          Properties: {
            TableName: 't',
            BillingMode: 'PAY_PER_REQUEST',
            SSESpecification: { SSEEnabled: true },
            TimeToLiveSpecification: { AttributeName: 'expiresAtS', Enabled: true },
          },
        },
      },
    })
    expect(resources[0]).toMatchObject({
      kind: 'table',
      table: { name: 't', createTable: { TableName: 't', BillingMode: 'PAY_PER_REQUEST' }, ttlAttribute: 'expiresAtS' },
    })
    expect(JSON.stringify(resources[0])).not.toContain('SSEEnabled')
  })

  test.each<[string, object, RegExp]>([
    [
      'a type that is not known here',
      { Resources: { Topic: { Type: 'AWS::SNS::Topic' } } },
      /Unrecognized resource types: \[AWS::SNS::Topic\]\. The embedded cloud knows AWS::Kinesis::Stream/,
    ],
    [
      'a reference to nothing',
      { Resources: { Stream: { Type: 'AWS::Kinesis::Stream', Properties: { Name: { Ref: 'Nobody' } } } } },
      /unresolved reference to Nobody/,
    ],
    [
      'a name that needs itself',
      { Resources: { S: { Type: 'AWS::Kinesis::Stream', Properties: { Name: { 'Fn::Sub': `\${S}` } } } } },
      /Circular dependency between resources: \[S\]/,
    ],
    [
      'a property of the wrong kind',
      { Resources: { Stream: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'x', ShardCount: 'many' } } } },
      /resource Stream: .*ShardCount/s,
    ],
    [
      'a function of another runtime',
      {
        Resources: {
          F: {
            Type: 'AWS::Lambda::Function',
            Properties: { Code: { S3Bucket: 'b', S3Key: 'k' }, Handler: 'h', Role: 'r', Runtime: 'python3.13' },
          },
        },
      },
      /runs Node\.js functions only/,
    ],
    [
      'a mapping with an option out of range',
      {
        Resources: {
          M: {
            Type: 'AWS::Lambda::EventSourceMapping',
            Properties: {
              EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
              FunctionName: 'f',
              StartingPosition: 'LATEST',
              ParallelizationFactor: 11,
            },
          },
        },
      },
      /^M: .*ParallelizationFactor/,
    ],
  ])('%s is refused, naming it', (_, template, message) => {
    expect(() => read(template)).toThrow(message)
  })

  test('a template that is no JSON object is refused', () => {
    expect(() => readTemplate('Resources: {}', SETTINGS)).toThrow(/reads templates in JSON/)
  })
})
