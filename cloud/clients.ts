import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { NodeHttpHandler } from '@smithy/node-http-handler'

/**
 * The AWS clients. Region, endpoint and credentials come from the SDK's own chain (`AWS_REGION`, `AWS_ENDPOINT_URL`, ...); this is the one
 * place that knows that an endpoint is local: the Kinesis client speaks HTTP/2 by default, which plain http has not.
 */
const MAX_ATTEMPTS = 4 // the SDK's own retries; what lasts longer is an outage, and the ledger's deadline deals with it
const MAX_SOCKETS = 64 // in-flight calls of one client are bounded by their callers well below this

const settings = { maxAttempts: MAX_ATTEMPTS }
const http1 = () =>
  new NodeHttpHandler({ httpAgent: { maxSockets: MAX_SOCKETS }, httpsAgent: { maxSockets: MAX_SOCKETS } })
const isLocal = (env: NodeJS.ProcessEnv) =>
  (env.AWS_ENDPOINT_URL_KINESIS ?? env.AWS_ENDPOINT_URL ?? '').startsWith('http://')

/** Calls of the Kinesis API, with their own retries switched off: failed records are retried alone by `stream.ts`. */
export const kinesisClient = (env: NodeJS.ProcessEnv): KinesisClient =>
  new KinesisClient({ maxAttempts: 1, ...(isLocal(env) ? { requestHandler: http1() } : {}) })
export const dynamoClient = (): DynamoDBClient => new DynamoDBClient({ ...settings, requestHandler: http1() })
export const lambdaClient = (): LambdaClient => new LambdaClient({ ...settings, requestHandler: http1() })
export const cloudFormationClient = (): CloudFormationClient => new CloudFormationClient(settings)
