import type { MappingDescription } from '../event-source-mapping/mapping-description'
import type { WireRequest, WireResponse, WireService } from '../wire'
import type { AsyncQueue } from './async-queue'
import { describeFunction } from './function-description'
import type { DeployedFunction, FunctionHost } from './function-host'
import { functionNotFound, invokeApi, lambdaError } from './invoke-api'

const FUNCTIONS = /^\/2015-03-31\/functions\/([^/]+)(?:\/(invocations|configuration))?$/
const MAPPINGS = /^\/2015-03-31\/event-source-mappings(?:\/([^/]*))?$/

/** `name`, `<account>:function:name` or the whole ARN, each with or without `:$LATEST`. */
const FUNCTION_REFERENCE = /^(?:(?:arn:aws:lambda:[^:]+:)?\d+:function:)?([\w-]+)(?::\$LATEST)?$/

/**
 * The REST API of Lambda: Invoke, GetFunction, GetFunctionConfiguration, ListEventSourceMappings and
 * GetEventSourceMapping. Functions and mappings are made by deploying a stack.
 */
export function lambdaService(
  functions: FunctionHost,
  queue: AsyncQueue,
  mappings: () => readonly MappingDescription[],
): WireService {
  return async (request) => {
    const [, reference, verb] = FUNCTIONS.exec(request.path) ?? []
    if (reference !== undefined) return onFunction(functions, queue, decodeURIComponent(reference), verb, request)
    const [path, uuid = ''] = MAPPINGS.exec(request.path) ?? []
    if (path === undefined || request.method !== 'GET') return noSuchOperation(request)
    return uuid === '' ? listMappings(mappings(), request.query) : getMapping(mappings(), uuid)
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

function listMappings(mappings: readonly MappingDescription[], query: URLSearchParams): WireResponse {
  const [functionName, source] = [query.get('FunctionName'), query.get('EventSourceArn')]
  const suffix = functionName === null ? '' : `:${FUNCTION_REFERENCE.exec(functionName)?.[1]}`
  const wanted = mappings.filter(
    ({ FunctionArn, EventSourceArn }) => FunctionArn.endsWith(suffix) && (source === null || EventSourceArn === source),
  )
  return json({ EventSourceMappings: wanted })
}

function getMapping(mappings: readonly MappingDescription[], uuid: string): WireResponse {
  const found = mappings.find(({ UUID }) => UUID === uuid)
  if (found !== undefined) return json(found)
  return lambdaError(404, 'ResourceNotFoundException', 'The resource you requested does not exist.')
}

const json = (body: object): WireResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

const noSuchOperation = ({ method, path }: WireRequest): WireResponse =>
  lambdaError(404, 'UnknownOperationException', `${method} ${path} is not part of the embedded cloud's Lambda`)
