import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { NodeHttpHandler } from '@smithy/node-http-handler'

/**
 * The AWS clients. Region, endpoint and credentials come from the SDK's own chain (`AWS_REGION`, `AWS_ENDPOINT_URL`,
 * ...). Only this file knows that an endpoint is local: the Kinesis client speaks HTTP/2 by default, and not every
 * local cloud and proxy does so over plain http.
 */
const MAX_ATTEMPTS = 4 // the SDK's own retries; what lasts longer is an outage, and the ledger's deadline deals with it
const MAX_SOCKETS = 64 // in-flight calls of one client are bounded by their callers well below this
const CONNECT_TIMEOUT_MS = 3_000 // a second for a lost SYN to be sent again, and once more
/** A connection can be dead without a word, so every call ends: 5 MB in this time need an uplink of 3 Mbit/s. */
const CALL_TIMEOUT_MS = 15_000
const INVOKE_TIMEOUT_MS = 65_000 // just longer than the functions' own timeout, so that one at work is not called again

// From 2027 on new versions of the SDK need Node 22, which each process on Node 20 would say in seven lines when it
// makes its first client. That is for who raises the locked version; who runs a command can do nothing about it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

const settings = { maxAttempts: MAX_ATTEMPTS }
const http1 = (requestTimeout = CALL_TIMEOUT_MS, maxSockets = MAX_SOCKETS) =>
  new NodeHttpHandler({
    httpAgent: { maxSockets },
    httpsAgent: { maxSockets },
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout,
    throwOnRequestTimeout: true,
  })
const isLocal = (env: NodeJS.ProcessEnv) =>
  (env.AWS_ENDPOINT_URL_KINESIS ?? env.AWS_ENDPOINT_URL ?? '').startsWith('http://')

/** Calls of the Kinesis API, with their own retries switched off: failed records are retried alone by `stream.ts`. */
export const kinesisClient = (env: NodeJS.ProcessEnv): KinesisClient =>
  new KinesisClient({ maxAttempts: 1, requestHandler: isLocal(env) ? http1() : { requestTimeout: CALL_TIMEOUT_MS } })
export const dynamoClient = (): DynamoDBClient => new DynamoDBClient({ ...settings, requestHandler: http1() })
export const lambdaClient = (): LambdaClient =>
  new LambdaClient({ ...settings, requestHandler: http1(INVOKE_TIMEOUT_MS) })
/**
 * Calls of the burst function, at most so many side by side, with their own retries switched off: `burst-function.ts`
 * tells a throttle from an outage.
 */
export const burstClient = (maxCalls: number): LambdaClient =>
  new LambdaClient({ maxAttempts: 1, requestHandler: http1(INVOKE_TIMEOUT_MS, Math.max(maxCalls, MAX_SOCKETS)) })
export const cloudFormationClient = (): CloudFormationClient =>
  new CloudFormationClient({ ...settings, requestHandler: http1() })
