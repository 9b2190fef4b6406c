import { spawn } from 'node:child_process'
import path from 'node:path'
import { Command } from 'commander'
import { withFlags } from '../scripts/command-line/ask'
import { ensurePackaged } from './package'
import { collectParam } from './params'
import { provision } from './provision'
import { readyScreen } from './screen'

const COMPOSE_FILE = path.join(__dirname, 'docker-compose.yml')

const NO_DOCKER = `LocalStack runs in Docker, and "docker compose version" does not work here.
Install Docker with its Compose plugin, or use the embedded local cloud, which needs neither: spillway cloud`

const NO_CONSUMERS =
  'LocalStack pushes nothing to consumers: the stream is polled (consumer=standard), and bursts are slower than on AWS.'

interface Flags {
  readonly stage: string
  readonly region: string
  readonly param: Record<string, string>
}

const program = new Command('npm run localstack --')
  .description('Starts LocalStack by Docker Compose and deploys the stack of serverless.yml into it.')
  .option('--stage <name>', 'stage of serverless.yml', 'dev')
  .option('--region <name>', 'AWS region to pretend to be', process.env.AWS_REGION ?? 'us-east-1')
  .option('--param <name=value>', 'a param of serverless.yml, e.g. shardCount=4; may be repeated', collectParam, {})
  .addHelpText(
    'after',
    '\nEnvironment: LOCALSTACK_IMAGE, LOCALSTACK_AUTH_TOKEN, LOCALSTACK_PORT (4566), DOCKER_SOCKET.\nExit code: 0 it runs; 1 it does not, with the reason; 2 wrong usage.',
  )
  .allowExcessArguments(false)

async function up({ stage, region, param }: Flags): Promise<number> {
  if ((await docker(['compose', 'version'], 'ignore')) !== 0) throw new Error(NO_DOCKER)
  const started = await docker(['compose', '-f', COMPOSE_FILE, 'up', '--detach', '--wait'], 'inherit')
  if (started !== 0) throw new Error(`docker compose up ended with code ${started}; is the Docker daemon running?`)
  if (param.consumer === 'fan-out') console.error(NO_CONSUMERS)
  const packaged = await ensurePackaged({ stage, region, params: { consumer: 'standard', ...param } })
  const endpoint = `http://127.0.0.1:${process.env.LOCALSTACK_PORT ?? '4566'}`
  const provisioned = await provision(endpoint, packaged)
  const notes = [
    ...(param.consumer === undefined ? [NO_CONSUMERS] : []),
    `It goes on running; end it with: docker compose -f ${path.relative(process.cwd(), COMPOSE_FILE)} down`,
  ]
  console.log(readyScreen({ name: 'LocalStack', endpoint, region, provisioned, notes }))
  return 0
}

/** Resolves to the exit code; 127, as a shell has it, when there is no such program. */
function docker(args: readonly string[], stdio: 'ignore' | 'inherit'): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn('docker', args, { stdio })
    child.once('error', () => resolve(127))
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

withFlags<Flags>(program, process.argv.slice(2), up)
  .catch((error: Error) => {
    console.error(error.message)
    return 1
  })
  .then((code) => process.exit(code))
