import type { EventSourceMapping } from '../event-source-mapping/event-source-mapping'
import { InvalidMapping, MappingInUse } from '../event-source-mapping/mapping-config'
import { mappingUpdate } from '../event-source-mapping/mapping-properties'
import type { WireRequest, WireResponse, WireService } from '../wire'
import type { AsyncQueue } from './async-queue'
import { type DeployedFunction, describeFunction, type FunctionHost } from './function-host'
import { functionNotFound, invokeApi, lambdaError } from './invoke-api'

const FUNCTIONS = /^\/2015-03-31\/functions\/([^/]+)(?:\/(invocations|configuration))?$/
const MAPPINGS = /^\/2015-03-31\/event-source-mappings(?:\/([^/]*))?$/

/** `name`, `<account>:function:name` or the whole ARN, each with or without `:$LATEST`. */
const FUNCTION_REFERENCE = /^(?:(?:arn:aws:lambda:[^:]+:)?\d+:function:)?([\w-]+)(?::\$LATEST)?$/

/**
 * The REST API of Lambda: Invoke, GetFunction, GetFunctionConfiguration, ListEventSourceMappings, GetEventSourceMapping
 * and UpdateEventSourceMapping. Functions and mappings are made by deploying a stack.
 */
export function lambdaService(
  functions: FunctionHost,
  queue: AsyncQueue,
  mappings: () => readonly EventSourceMapping[],
): WireService {
  return async (request) => {
    const [, reference, verb] = FUNCTIONS.exec(request.path) ?? []
    if (reference !== undefined) return onFunction(functions, queue, decodeURIComponent(reference), verb, request)
    const [path, uuid = ''] = MAPPINGS.exec(request.path) ?? []
    if (path === undefined) return noSuchOperation(request)
    return onMapping(mappings(), uuid, request)
  }
}

function onMapping(mappings: readonly EventSourceMapping[], uuid: string, request: WireRequest): WireResponse {
  const isGet = request.method === 'GET'
  if (uuid === '') return isGet ? listMappings(mappings, request.query) : noSuchOperation(request)
  if (!isGet && request.method !== 'PUT') return noSuchOperation(request)
  const found = mappings.find((mapping) => mapping.describe().UUID === uuid)
  if (found === undefined)
    return lambdaError(404, 'ResourceNotFoundException', 'The resource you requested does not exist.')
  return isGet ? json(found.describe()) : updateMapping(found, request.body)
}

function updateMapping(mapping: EventSourceMapping, body: Buffer): WireResponse {
  try {
    return { ...json(mapping.update(mappingUpdate(parsed(body)))), status: 202 }
  } catch (error) {
    if (error instanceof InvalidMapping || error instanceof MappingInUse)
      return lambdaError(400, error.code, error.message)
    throw error
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString() || '{}')
  } catch {
    return undefined
  }
}

async function onFunction(
  functions: FunctionHost,
  queue: AsyncQueue,
  reference: string,
  verb: string | undefined,
  request: WireRequest,
): Promise<WireResponse> {
  const found = resolveFunction(functions, reference, request.query.get('Qualifier'))
  if (found === undefined) return functionNotFound(`Function not found: ${reference}`)
  if (request.method === 'POST' && verb === 'invocations') {
    return invokeApi(found.config.name, request, functions.invoke, queue)
  }
  if (request.method !== 'GET' || verb === 'invocations') return noSuchOperation(request)
  const configuration = describeFunction(found)
  return json(verb === 'configuration' ? configuration : { Configuration: configuration, Code: {} })
}

function resolveFunction(
  host: FunctionHost,
  reference: string,
  qualifier: string | null,
): DeployedFunction | undefined {
  const name = FUNCTION_REFERENCE.exec(reference)?.[1]
  if (name === undefined || (qualifier !== null && qualifier !== '$LATEST')) return undefined
  return host.get(name)
}

function listMappings(mappings: readonly EventSourceMapping[], query: URLSearchParams): WireResponse {
  const [functionName, source] = [query.get('FunctionName'), query.get('EventSourceArn')]
  const suffix = functionName === null ? '' : `:${FUNCTION_REFERENCE.exec(functionName)?.[1]}`
  const wanted = mappings
    .map((mapping) => mapping.describe())
    .filter(
      ({ FunctionArn, EventSourceArn }) =>
        FunctionArn.endsWith(suffix) && (source === null || EventSourceArn === source),
    )
  return json({ EventSourceMappings: wanted })
}

const json = (body: object): WireResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

const noSuchOperation = ({ method, path }: WireRequest): WireResponse =>
  lambdaError(404, 'UnknownOperationException', `${method} ${path} is not part of the embedded cloud's Lambda`)
