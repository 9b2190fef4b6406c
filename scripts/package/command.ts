/** `spillway package`: the deployment package of the functions, as AWS and the local clouds get it. */
import { ensurePackaged, PackagingFailed } from '../../localstack/package'
import { collectParam } from '../../localstack/params'
import { withFlags } from '../command-line/ask'
import { DONE, NOT_DONE } from '../command-line/exit-codes'
import { newCommand } from '../command-line/new-command'
import { type Output, TERMINAL } from '../command-line/output'

interface Flags {
  readonly stage: string
  readonly region?: string
  readonly param: Readonly<Record<string, string>>
}

const KIB = 1024

const command = () =>
  newCommand({
    name: 'package',
    about: 'Makes the deployment package of the functions in .serverless/, anew only when its sources have changed.',
    notes: '`npx sls deploy` packages by itself; this shows whether that works, without an AWS account.',
    examples: ['spillway package', 'spillway package --stage prod --param transport=invoke'],
    exits: { done: 'packaged', not: 'it could not be packaged, with what serverless said' },
  })
    .option('--stage <name>', 'stage of serverless.yml', 'dev')
    .option('--region <name>', 'AWS region (default: AWS_REGION, else us-east-1)')
    .option('--param <name=value>', 'a param of serverless.yml, e.g. shardCount=4; may be repeated', collectParam, {})

/** Resolves to the exit code. */
export const main = (args: readonly string[], output: Output = TERMINAL): Promise<number> =>
  withFlags<Flags>(command(), args, (flags) => perform(flags, output), output)

async function perform({ stage, region, param }: Flags, { out, err }: Output): Promise<number> {
  try {
    const given = { stage, params: param, onProgress: err, ...(region === undefined ? {} : { region }) }
    const { artifacts } = await ensurePackaged(given)
    for (const { key, zip } of artifacts) out(`${key}: ${Math.round(zip.length / KIB).toLocaleString('en-US')} KiB`)
    return DONE
  } catch (error) {
    if (!(error instanceof PackagingFailed)) throw error
    err(`The functions cannot be packaged (${error.code}): ${error.message}`)
    return NOT_DONE
  }
}
