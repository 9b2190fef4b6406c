/**
 * The program of each function process: a small Runtime Interface Client. It loads the handler named by `_HANDLER`
 * from `LAMBDA_TASK_ROOT` and then, for ever, takes the next invocation from the Runtime API, runs the handler, and
 * posts what it returned or threw. It is made one plain file by esbuild, so it must import node's own modules only.
 */
import { existsSync } from 'node:fs'
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import path from 'node:path'

type Handler = (event: unknown, context: object) => unknown

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const RUNTIME_API = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`
const agent = new Agent({ keepAlive: true })

/** An error that happened before or around the handler; `name` is what AWS reports as its type. */
function runtimeError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name })
}

function call(method: string, url: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(`${RUNTIME_API}${url}`, { method, agent, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode, headers: response.headers, body: text })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function loadHandler(): Promise<Handler> {
  const [, file = '', exportName = ''] = /^(.+)\.([^.]+)$/.exec(process.env._HANDLER ?? '') ?? []
  const base = path.resolve(process.env.LAMBDA_TASK_ROOT ?? '.', file)
  const found = ['.js', '.cjs', '.mjs'].map((extension) => base + extension).find((candidate) => existsSync(candidate))
  if (found === undefined) throw runtimeError('Runtime.ImportModuleError', `Error: Cannot find module '${file}'`)
  const module = (await importModule(found)) as Record<string, unknown>
  const handler = module[exportName]
  if (typeof handler === 'function') return handler as Handler
  throw runtimeError('Runtime.HandlerNotFound', `${file}.${exportName} is undefined or not exported`)
}

async function importModule(file: string): Promise<unknown> {
  try {
    return file.endsWith('.mjs') ? await import(file) : require(file)
  } catch (error) {
    if (error instanceof SyntaxError) throw runtimeError('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`)
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') {
      throw runtimeError('Runtime.ImportModuleError', `Error: ${(error as Error).message}`)
    }
    throw error
  }
}

/** What a failure looks like on the wire of a Node.js runtime: `errorType`, `errorMessage`, `trace`. */
function describe(error: unknown): { errorType: string; errorMessage: string; trace: string[] } {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] }
  return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] }
}

async function postError(url: string, error: unknown, headers: Record<string, string> = {}): Promise<void> {
  const described = describe(error)
  const type = { 'content-type': 'application/json', 'lambda-runtime-function-error-type': described.errorType }
  await call('POST', url, JSON.stringify(described), { ...type, ...headers })
}

function contextOf(headers: IncomingHttpHeaders) {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms'])
  return {
    awsRequestId: String(headers['lambda-runtime-aws-request-id']),
    invokedFunctionArn: String(headers['lambda-runtime-invoked-function-arn']),
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  }
}

/** Says that this process ends after the error, so that no more work is given to it. */
const ENDING = { 'spillway-instance-ends': 'true' }

/** The invocation at work, for an exception that reaches nobody: it is reported as that invocation's error. */
let currentRequestId: string | undefined

async function serveOne(handler: Handler): Promise<void> {
  const next = await call('GET', '/invocation/next')
  if (next.status !== 200) throw new Error('another local cloud listens there by now') // it does not know this process
  const context = contextOf(next.headers)
  currentRequestId = context.awsRequestId
  const outcome = await run(handler, next.body, context)
  const url = `/invocation/${context.awsRequestId}`
  if ('error' in outcome) {
    console.error('Invoke Error', outcome.error)
    await postError(`${url}/error`, outcome.error)
  } else {
    await call('POST', `${url}/response`, outcome.body, { 'content-type': 'application/json' })
  }
  currentRequestId = undefined
}

async function run(handler: Handler, payload: string, context: object): Promise<{ body: string } | { error: unknown }> {
  try {
    return { body: serialize(await handler(JSON.parse(payload), context)) }
  } catch (error) {
    return { error }
  }
}

function serialize(result: unknown): string {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null'
  } catch {
    throw runtimeError('Runtime.MarshalError', 'Unable to stringify response body')
  }
}

function dieReporting(errorType: string | undefined): (error: unknown) => void {
  return (error) => {
    console.error(errorType ?? 'Uncaught Exception', error)
    const reported = errorType === undefined ? error : runtimeError(errorType, describe(error).errorMessage)
    const url = currentRequestId === undefined ? '/init/error' : `/invocation/${currentRequestId}/error`
    const exit = () => process.exit(129)
    postError(url, reported, ENDING).then(exit, exit)
  }
}

async function main(): Promise<void> {
  process.on('uncaughtException', dieReporting(undefined))
  process.on('unhandledRejection', dieReporting('Runtime.UnhandledPromiseRejection'))
  const handler = await loadHandler().catch(async (error: unknown) => {
    console.error(error)
    await postError('/init/error', error)
    return process.exit(1)
  })
  for (;;) await serveOne(handler)
}

/** The local cloud is gone, cleanly or not: there is nobody left to work for. */
main().catch(() => process.exit(0))
