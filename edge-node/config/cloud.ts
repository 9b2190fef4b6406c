import { isPlainAddress } from './addresses'
import { choice, DAY_MS, GiB, MiB, text, wholeNumber, zeroOr } from './fields'

const CLOUDS: readonly string[] = ['aws', 'embedded', 'none']
const EMBEDDED = 'http://127.0.0.1:4566' // where `spillway cloud` listens
const LOCAL = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' } // nobody checks them

/**
 * What the AWS clients have to find in the environment for a setting of `cloud`, over what is there: an address, and on
 * this machine a region and credentials where none are set. They read it themselves, from the environment alone.
 */
export function cloudVariables(cloud: string, env: NodeJS.ProcessEnv): Record<string, string> {
  if (cloud === 'aws' || cloud === 'none') return {}
  const address = cloud === 'embedded' ? EMBEDDED : cloud
  const missing = Object.entries(LOCAL).filter(([name]) => env[name] === undefined)
  const local = /^http:\/\/(127\.|localhost|\[::1\])/.test(address) && env.AWS_PROFILE === undefined
  return { AWS_ENDPOINT_URL: address, ...(local && Object.fromEntries(missing)) }
}

/** The cloud half, and how it is used. */
export const cloudFields = {
  cloud: text('aws, embedded, none or an address')
    .refine((value) => CLOUDS.includes(value) || isPlainAddress(value), {
      error: 'aws, embedded, none, or an http or https address without user, password and query',
    })
    .default('aws')
    .describe(
      'where the cloud half is: aws (or what AWS_ENDPOINT_URL names), embedded (the local cloud on port 4566), none (back-pressure above capacity), or the address of another cloud',
    ),
  stack: text('the name of a stack')
    .default('spillway-dev')
    .describe('CloudFormation stack with the cloud half, as made by sls deploy'),
  transport: choice(['kinesis', 'invoke'])
    .default('kinesis')
    .describe(
      'how envelopes reach the functions: through the stream, or by calling the burst function, which is faster',
    ),
  maxInvokes: wholeNumber({ min: 1, max: 900 })
    .default(16)
    .describe('functions called side by side by transport invoke; new AWS accounts often allow 10, others 1,000'),
  // Instances live for minutes without a call: more often costs money and the concurrency that bursts need.
  keepWarmEveryMs: zeroOr({ min: 10_000 })
    .default(240_000)
    .describe('how often an idle function instance a lane is called, to spare the next spike its cold start; 0: never'),
  scaleCloud: choice(['off', 'on'])
    .default('off')
    .describe('whether the node may raise shards and parallelization when they are the bottleneck, and take them back'),
  maxShards: wholeNumber({ min: 1, max: 500 })
    .default(8)
    .describe('shards that it may raise the stream to; each bills by the hour'),
  maxParallelization: wholeNumber({ min: 1, max: 10 })
    .default(10)
    .describe('parallelization factor that it may raise the mapping to; AWS allows 10 and charges nothing for it'),
  maxInFlightEnvelopes: wholeNumber({ min: 1, max: 100_000 }) // a look at the heads of more takes longer than `headPollMs`
    .default(2_000)
    .describe('envelopes in the cloud without a head: each is asked after several times a second'),
  maxInFlightBytes: wholeNumber({ min: 1024, max: GiB }) // as text in the heap, of which Node gives a process 2 to 4 GiB
    .default(256 * MiB)
    .describe('raw lines in the cloud without a head: kept in memory for a reclaim'),
  reclaimAfterMs: wholeNumber({ min: 1_000, max: 30 * DAY_MS }) // what the cloud lost holds its windows up for as long
    .default(30_000)
    .describe('how long the cloud may take for an envelope before the edge folds it'),
  // Each event of a burst waits half of it on average, and so do windows. A look costs half a read unit for each envelope
  // in flight: of a burst's dollars a twentieth.
  headPollMs: wholeNumber({ min: 10, max: 10_000 })
    .default(75)
    .describe('how often finished envelopes are asked for while any are in flight'),
}
