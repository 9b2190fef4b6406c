import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  type Stack,
  UpdateStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { Packaged } from './package'

export interface Provisioned {
  readonly stackName: string
  /** What the template's `Outputs` say, by name, e.g. `StreamName`. */
  readonly outputs: Readonly<Record<string, string>>
  /** What was done: a new stack, new code or settings in one that was there, or nothing. */
  readonly change: 'created' | 'updated' | 'unchanged'
}

/** The stack did not come to be; `message` has CloudFormation's reason. */
export class ProvisioningFailed extends Error {
  readonly code = 'provisioning_failed'
}

// As in `cloud/clients.ts`, for the processes of the local clouds, which import nothing of that room.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

/** LocalStack starts its services on demand; even so all of it is a matter of seconds. */
const WAIT_AT_MOST_S = 180

/**
 * Deploys the package to the local cloud behind `endpoint` in the way that `sls deploy` deploys it to AWS: a stack with
 * the deployment bucket, the zips into it, then the whole template. Repeating it updates what changed. Rejects with
 * ProvisioningFailed.
 */
export async function provision(endpoint: string, packaged: Packaged): Promise<Provisioned> {
  const settings = { endpoint, region: packaged.region, credentials: LOCAL_CREDENTIALS }
  const cloudFormation = new CloudFormationClient(settings)
  const s3 = new S3Client({ ...settings, forcePathStyle: true })
  const stackName = `${packaged.service}-${packaged.stage}`
  try {
    const standing = await describe(cloudFormation, stackName)
    const bucketStack = standing ?? (await create(cloudFormation, stackName, packaged.bucketTemplate))
    await upload(s3, bucketOf(bucketStack, stackName), packaged.artifacts)
    const changed = await update(cloudFormation, stackName, packaged.template)
    const stack = await describe(cloudFormation, stackName)
    const change = standing === undefined ? 'created' : changed ? 'updated' : 'unchanged'
    return { stackName, outputs: outputsOf(stack), change }
  } finally {
    cloudFormation.destroy()
    s3.destroy()
  }
}

/** Local clouds check no signature. Real credentials must not go there, nor must this ever reach a real account. */
const LOCAL_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' }

const CAPABILITIES: ('CAPABILITY_IAM' | 'CAPABILITY_NAMED_IAM')[] = ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM']

async function describe(client: CloudFormationClient, stackName: string): Promise<Stack | undefined> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackName }))
    return Stacks?.[0]
  } catch (error) {
    if (error instanceof Error && /does not exist/.test(error.message)) return undefined
    throw error
  }
}

async function create(client: CloudFormationClient, stackName: string, template: string): Promise<Stack | undefined> {
  await client.send(
    new CreateStackCommand({ StackName: stackName, TemplateBody: compact(template), Capabilities: CAPABILITIES }),
  )
  await finished(client, stackName, waitUntilStackCreateComplete)
  return describe(client, stackName)
}

/** False when there was nothing to update. */
async function update(client: CloudFormationClient, stackName: string, template: string): Promise<boolean> {
  try {
    await client.send(
      new UpdateStackCommand({ StackName: stackName, TemplateBody: compact(template), Capabilities: CAPABILITIES }),
    )
  } catch (error) {
    if (error instanceof Error && /No updates are to be performed/.test(error.message)) return false
    throw new ProvisioningFailed(`${stackName}: ${error instanceof Error ? error.message : String(error)}`)
  }
  await finished(client, stackName, waitUntilStackUpdateComplete)
  return true
}

async function finished(
  client: CloudFormationClient,
  stackName: string,
  wait: typeof waitUntilStackCreateComplete,
): Promise<void> {
  try {
    await wait({ client, minDelay: 1, maxDelay: 2, maxWaitTime: WAIT_AT_MOST_S }, { StackName: stackName })
  } catch {
    const stack = await describe(client, stackName)
    throw new ProvisioningFailed(
      `${stackName} is ${stack?.StackStatus ?? 'gone'}: ${stack?.StackStatusReason ?? 'no reason given'}`,
    )
  }
}

async function upload(s3: S3Client, bucket: string, artifacts: Packaged['artifacts']): Promise<void> {
  for (const { key, zip } of artifacts) {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: zip }))
  }
}

function bucketOf(stack: Stack | undefined, stackName: string): string {
  const bucket = outputsOf(stack).ServerlessDeploymentBucketName
  if (bucket !== undefined) return bucket
  throw new ProvisioningFailed(
    `${stackName} is ${stack?.StackStatus} and has no deployment bucket: remove the stack and try again`,
  )
}

function outputsOf(stack: Stack | undefined): Record<string, string> {
  return Object.fromEntries(
    (stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  )
}

/** TemplateBody is limited to 51,200 bytes, and about half of a template is indentation. */
const compact = (template: string): string => JSON.stringify(JSON.parse(template))
