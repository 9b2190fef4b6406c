import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { ensurePackaged } from '../../localstack/package'

const PACKAGING_MS = 180_000 // seconds the first time; the next call finds it made
const ROOT = join(__dirname, '../..')

interface Statement {
  readonly Effect: string
  readonly Action: string | string[]
  readonly Resource: unknown
}

interface Resource {
  readonly Type: string
  readonly Properties: {
    readonly PolicyDocument?: { readonly Statement: Statement[] }
    readonly Policies?: readonly { readonly PolicyDocument: { readonly Statement: Statement[] } }[]
    readonly [name: string]: unknown
  }
}

/** What may be done where there is a stream, which is more than without one. */
const withStream = (statement: Statement): Statement =>
  (statement as unknown as { 'Fn::If'?: readonly [string, Statement] })['Fn::If']?.[1] ?? statement

let resources: Record<string, Resource>

beforeAll(async () => {
  const { template } = await ensurePackaged({ onProgress: () => {} })
  resources = JSON.parse(template).Resources
}, PACKAGING_MS)

const ofType = (type: string) => Object.entries(resources).filter(([, resource]) => resource.Type === type)

describe('S15 somebody who reads the disks of the cloud', () => {
  test('every stream is encrypted', () => {
    expect(ofType('AWS::Kinesis::Stream')).toHaveLength(1)
    for (const [, { Properties }] of ofType('AWS::Kinesis::Stream'))
      expect(Properties.StreamEncryption).toEqual({ EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' })
  })

  test('every table is encrypted', () => {
    expect(ofType('AWS::DynamoDB::Table')).toHaveLength(2)
    for (const [, { Properties }] of ofType('AWS::DynamoDB::Table'))
      expect(Properties.SSESpecification).toEqual({ SSEEnabled: true })
  })
})

describe('S16 a part that was taken over', () => {
  const statements = ({ Properties }: Resource): Statement[] =>
    [
      ...(Properties.PolicyDocument?.Statement ?? []),
      ...(Properties.Policies ?? []).flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
    ].map(withStream)
  const actionsOf = (resource: Resource) => statements(resource).flatMap(({ Action }) => Action)

  const allowances = () =>
    [...ofType('AWS::IAM::Role'), ...ofType('AWS::IAM::ManagedPolicy')].flatMap(([, found]) => statements(found))

  /** Calls that Lambda itself makes in the name of a function: for its mapping, its failure queue and its log. */
  const LAMBDA_ITSELF = [
    'kinesis:DescribeStream',
    'kinesis:DescribeStreamSummary',
    'kinesis:GetRecords',
    'kinesis:GetShardIterator',
    'kinesis:ListShards',
    'kinesis:SubscribeToShard', // by a consumer, where records are pushed
    'sqs:SendMessage',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
  ]

  /** Actions that name no resource, since IAM has none for them. */
  const WITHOUT_RESOURCE = [
    'lambda:ListEventSourceMappings',
    'cloudwatch:GetMetricData',
    'cloudwatch:GetMetricStatistics',
  ]

  test('every permission is an allowance of named actions', () => {
    const all = allowances()
    expect(all.length).toBeGreaterThan(5)
    for (const { Effect, Action } of all) {
      expect(Effect).toBe('Allow')
      for (const action of [Action].flat()) expect(action).toMatch(/^[a-z]+:[A-Za-z]+$/)
    }
  })

  test('no resource is a wildcard where a name exists', () => {
    const all = allowances()
    for (const { Action, Resource } of all) {
      if (!JSON.stringify(Resource).includes('*')) continue
      for (const action of [Action].flat()) expect(WITHOUT_RESOURCE).toContain(action)
    }
  })

  test.each([
    ['BurstRole', 'handlers/burst.ts', LAMBDA_ITSELF],
    ['MergeRole', 'handlers/merge.ts', LAMBDA_ITSELF.filter((action) => action.startsWith('logs:'))],
  ])('%s may do nothing that its code does not call', (role, entry, lambdaItself) => {
    const called = new Set([...calls(entry), ...lambdaItself])
    expect(actionsOf(resources[role]!).filter((action) => !called.has(action))).toEqual([])
  })

  test('the policies of the edge node allow nothing that its code does not call', () => {
    const called = calls('edge-node/edge-node.ts')
    const policies = ofType('AWS::IAM::ManagedPolicy')
    expect(policies.length).toBeGreaterThan(0)
    for (const [name, policy] of policies)
      expect([name, actionsOf(policy).filter((action) => !called.has(action))]).toEqual([name, []])
  })

  test('what the code calls is allowed to somebody', () => {
    const allowed = new Set(Object.values(resources).flatMap(actionsOf))
    const called = ['handlers/burst.ts', 'handlers/merge.ts', 'edge-node/edge-node.ts'].flatMap((entry) => [
      ...calls(entry),
    ])
    expect([...new Set(called)].filter((action) => !allowed.has(action))).toEqual([])
  })
})

/** The actions of all AWS calls in a file and in everything that it imports, from the names of the SDK's commands. */
function calls(entry: string): Set<string> {
  const found = new Set<string>()
  for (const file of reachable(join(ROOT, entry))) {
    const text = readFileSync(file, 'utf8')
    const services = new Map<string, string>()
    for (const [, names, service] of text.matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-([\w-]+)'/g))
      for (const name of names!.split(',')) services.set(name.trim().replace(/^type /, ''), service!)
    for (const [, command] of text.matchAll(/new (\w+)Command\b/g))
      found.add(actionOf(services.get(`${command}Command`)!, command!))
  }
  return found
}

const actionOf = (service: string, command: string) =>
  command === 'Invoke' ? 'lambda:InvokeFunction' : `${service}:${command}`

function reachable(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']*)'/g)) {
    const target = `${resolve(dirname(file), path!)}.ts`
    if (existsSync(target)) reachable(target, seen)
  }
  return seen
}
