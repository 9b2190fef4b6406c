import { cloudFormationClient, dynamoClient, kinesisClient, lambdaClient } from '../../cloud/clients'
import { CloudUnread } from '../../cloud/cloud-unread'
import { type Deployment, noStream, readDeployment } from '../../cloud/deployment'
import { lookAtFunction, lookAtMapping, lookAtStream, lookAtTable } from '../../cloud/inspection'
import type { Program } from '../../program/program'
import type { Config } from '../config/config'
import { type Finding, ok, problem, unknown } from './finding'

/** Waits for an answer, and not for ever. Rejects as `looking` does, and when it takes longer than `limitMs`. */
export async function within<T>(limitMs: number, looking: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(limitMs)), limitMs)
  })
  return Promise.race([looking, late]).finally(() => clearTimeout(timer))
}

/** What was asked is silent. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
  constructor(limitMs: number) {
    super(`nothing was heard for ${limitMs / 1_000} s; check the network, AWS_REGION and AWS_ENDPOINT_URL`)
  }
}

const LOOK_MS = 10_000 // an answer takes well under a second; the node itself tries for longer
const DEPLOY = 'npx sls deploy'
const START_ANEW = 'start the local cloud anew: npm run cloud in the repository, npx spillway cloud in a project'

/** How the cloud half becomes what it has to be: a local cloud is made anew of the files at each start. */
export function howToDeploy(endpoint: string | undefined): string {
  return endpoint !== undefined && isLoopback(endpoint) ? START_ANEW : `deploy again: ${DEPLOY}`
}

const isLoopback = (url: string) =>
  URL.canParse(url) && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname)

/**
 * Looks at the credentials and at each part of the cloud half that the stack names; calls nothing that changes
 * anything.
 */
export async function inspectCloud(
  config: Config,
  program: Program | null,
  env: NodeJS.ProcessEnv,
  lookMs = LOOK_MS,
): Promise<Finding[]> {
  const clients = {
    stacks: cloudFormationClient(),
    kinesis: kinesisClient(env),
    dynamo: dynamoClient(),
    lambda: lambdaClient(),
  }
  const remedy = howToDeploy(env.AWS_ENDPOINT_URL)
  try {
    const identity = await credentialsFinding(clients.kinesis, env, lookMs)
    if (identity.verdict === 'problem') return [identity]
    const deployment = await within(lookMs, readDeployment(clients.stacks, config.stack)).catch((error: Error) => {
      if (error instanceof CloudUnread || error instanceof NoAnswer) return error
      throw error
    })
    if (deployment instanceof CloudUnread) return [identity, problem('stack', deployment.says, deployment.advice)]
    if (deployment instanceof NoAnswer)
      return [identity, problem('stack', deployment.message, 'and start the node when it answers')]
    return [
      identity,
      ok('stack', config.stack),
      ...(await partFindings(config, program, clients, deployment, { lookMs, remedy })),
    ]
  } finally {
    for (const client of Object.values(clients)) client.destroy()
  }
}

type Clients = {
  readonly kinesis: ReturnType<typeof kinesisClient>
  readonly dynamo: ReturnType<typeof dynamoClient>
  readonly lambda: ReturnType<typeof lambdaClient>
}

async function credentialsFinding(
  { config }: Clients['kinesis'],
  env: NodeJS.ProcessEnv,
  lookMs: number,
): Promise<Finding> {
  const what = 'credentials'
  const endpoint = env.AWS_ENDPOINT_URL
  try {
    const region = await config.region()
    await within(lookMs, config.credentials())
    return ok(what, `found; the cloud is ${endpoint === undefined ? `AWS, ${region}` : `at ${hostOf(endpoint)}`}`)
  } catch (error) {
    return problem(what, reasonOf(error), 'set AWS_REGION, and AWS_PROFILE or another source of the credentials chain')
  }
}

/** Without what a URL may hold besides, such as a password. */
const hostOf = (url: string) => (URL.canParse(url) ? new URL(url).host : 'what is no URL')

function partFindings(
  config: Config,
  program: Program | null,
  { kinesis, dynamo, lambda }: Clients,
  deployment: Deployment,
  { lookMs, remedy }: { readonly lookMs: number; readonly remedy: string },
): Promise<Finding[]> {
  const { stream, partialsTable, resultsTable, burstFunction, mergeFunction } = deployment
  const attempt = (what: string, name: string, look: () => Promise<Finding>): Promise<Finding> =>
    within(lookMs, look()).catch((error) =>
      problem(what, `${name}: ${reasonOf(error)}`, `${remedy}; and give this user or role the stack's EdgeNodePolicy`),
    )
  return Promise.all([
    stream === null
      ? noStreamFinding(config)
      : attempt('stream', stream, async () => streamFinding(stream, await lookAtStream(kinesis, stream), remedy)),
    ...[partialsTable, resultsTable].map((table) =>
      attempt('table', table, async () => {
        await lookAtTable(dynamo, table)
        return ok('table', `${table} can be read`)
      }),
    ),
    ...[burstFunction, mergeFunction].map((name) =>
      attempt('function', name, async () => {
        const found = await lookAtFunction(lambda, name)
        return functionFinding(name, program, { ...found, versions: found.versions ?? deployment.versions }, remedy)
      }),
    ),
    ...(stream === null
      ? []
      : [
          attempt('mapping', stream, async () =>
            mappingFinding(stream, await lookAtMapping(lambda, burstFunction, stream), remedy),
          ),
        ]),
  ])
}

/** A stack without a stream is as it should be, unless the node is to use one. */
function noStreamFinding({ transport, stack }: Config): Finding {
  switch (transport) {
    case 'invoke':
      return ok('stream', 'none, and by invoke none is used')
    case 'kinesis': {
      const { says, advice } = noStream(stack)
      return problem('stream', says, advice)
    }
  }
}

function streamFinding(
  name: string,
  { status, shards }: Awaited<ReturnType<typeof lookAtStream>>,
  remedy: string,
): Finding {
  if (status === 'ACTIVE' || status === 'UPDATING') return ok('stream', `${name}, ${shards} shards`)
  return problem('stream', `${name} is ${status}`, `wait until it is ACTIVE, or ${remedy}`)
}

/** Functions of another version hand all work back, so that nothing would be gained by bursting. */
export function functionFinding(
  name: string,
  program: Pick<Program, 'version' | 'pipeline'> | null,
  found: { readonly state: string; readonly versions: Deployment['versions'] | undefined },
  remedy: string,
): Finding {
  if (found.state !== 'Active' && found.state !== 'Inactive')
    return problem('function', `${name} is ${found.state}`, `wait until it is Active, or ${remedy}`)
  if (program === null) return unknown('function', `${name} may be called; the pipeline of this node is unknown`)
  if (found.versions === undefined)
    return unknown(
      'function',
      `${name} may be called; which pipelines it has the stack does not say: it was deployed by an older version`,
    )
  const here = program.version
  const there = found.versions[program.pipeline.name]
  if (there === here) return ok('function', `${name} has the pipeline of this node (${here})`)
  const theirs = there === undefined ? 'not the pipeline of this node' : `version ${there} of the pipeline`
  return problem('function', `${name} has ${theirs}, this node has ${here}`, remedy)
}

/** What a mapping has to be like, for the burst to work as designed. */
export function mappingFinding(
  stream: string,
  found: Awaited<ReturnType<typeof lookAtMapping>>,
  remedy: string,
): Finding {
  if (found === undefined) return problem('mapping', `nothing gives ${stream} to the burst function`, remedy)
  const { state, parallelization, reportsFailures, consumer } = found
  if (!['Enabled', 'Enabling', 'Updating', 'Creating'].includes(state))
    return problem(
      'mapping',
      `it is ${state}`,
      'enable it: aws lambda update-event-source-mapping --enabled --uuid ...',
    )
  if (!reportsFailures)
    return problem('mapping', 'it does not report partial failures: one bad record would hold up its shard', remedy)
  const way = consumer === 'fan-out' ? 'pushed to a consumer' : 'an idle shard is looked at once a second'
  return ok('mapping', `${state}, ${parallelization} at once for each shard, ${way}`)
}

const reasonOf = (error: unknown) =>
  error instanceof Error ? `${error.name}: ${error.message}`.split('\n')[0]! : String(error)
