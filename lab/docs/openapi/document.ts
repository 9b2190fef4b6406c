import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import { ruleOf, SCOPES } from '../../../edge-node/http/access/routes'
import packageJson from '../../../package.json'
import { REQUEST_ERRORS, type RequestErrorCode } from '../errors'
import { askedOffset, SAYS_MORE, schemas } from './answers'
import { type Answer, OPERATIONS, type Operation } from './operations'

type Json = Readonly<Record<string, unknown>>

/** The OpenAPI 3.1 description of the HTTP API. */
export function openApi(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Spillway edge node',
      version: packageJson.version,
      license: { name: packageJson.license, identifier: packageJson.license },
      description:
        'Without tokens nothing is asked for, on loopback alone. With tokens each operation asks for one of the scope that `x-scope` names.',
    },
    servers: [{ url: 'http://127.0.0.1:7070' }],
    paths: pathsOf(OPERATIONS),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: `scopes: ${SCOPES.join(', ')}` } },
      responses: errorResponses(OPERATIONS),
      schemas: componentSchemas(),
    },
  }
}

function pathsOf(operations: readonly Operation[]): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const operation of operations) {
    paths[operation.path] ??= {}
    paths[operation.path]![operation.method.toLowerCase()] = operationObject(operation)
  }
  return paths
}

function operationObject(operation: Operation): Json {
  const { method, path, summary, description, parameters = [], body } = operation
  const { access } = ruleOf(method, path)
  return {
    operationId: idOf(operation),
    summary,
    ...(description === undefined ? {} : { description }),
    'x-scope': access,
    security: access === 'open' ? [] : [{ token: [access] }, {}],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: bodyObject(body) }),
    responses: responsesOf(operation),
  }
}

const idOf = ({ method, path }: Operation) =>
  `${method.toLowerCase()}${path.replace(/\/(v1\/)?([a-z])?|[-.]([a-z])/g, (_all, _v1, first = '', later = '') => (first + later).toUpperCase())}`

function bodyObject({ types, schema, line, says }: NonNullable<Operation['body']>): Json {
  const lines = line === undefined ? {} : { schema: { type: 'string', contentSchema: refTo(line) } }
  const contentOf = (type: string) => (type === 'application/json' ? { schema: refTo(schema) } : lines)
  return {
    required: true,
    description: says,
    content: Object.fromEntries(types.map((type) => [type, contentOf(type)])),
  }
}

function responsesOf(operation: Operation): Json {
  const good = operation.answers.map((answer) => [answer.status, answerObject(answer)] as const)
  const described = errorGroups(operation).map(
    ([status, codes]) => [status, { $ref: `#/components/responses/${nameOf(codes)}` }] as const,
  )
  const taken = new Set(good.map(([status]) => status))
  return Object.fromEntries([...good, ...described.filter(([status]) => !taken.has(status))].sort(([a], [b]) => a - b))
}

/** Codes by status. */
function errorGroups(operation: Operation): readonly (readonly [number, readonly RequestErrorCode[]])[] {
  const codes = errorsOf(operation)
  const statuses = [...new Set(codes.map((code) => REQUEST_ERRORS[code].status))]
  return statuses.map((status) => [status, codes.filter(isOf(status))])
}

const nameOf = (codes: readonly RequestErrorCode[]) => codes.join('.')

/** Operations mostly have the same errors, so each set of codes is described once. */
function errorResponses(operations: readonly Operation[]): Json {
  const groups = operations.flatMap(errorGroups)
  return Object.fromEntries(groups.map(([status, codes]) => [nameOf(codes), errorObject(status, codes)]))
}

const isOf = (status: number) => (code: RequestErrorCode) => REQUEST_ERRORS[code].status === status

function answerObject(answer: Answer): Json {
  switch (answer.kind) {
    case 'json':
      return jsonObject(STATUS_CODES[answer.status] ?? '', answer.schema)
    case 'stream': {
      const contentSchema = { oneOf: answer.data.map(refTo) }
      return { description: answer.says, content: { [answer.type]: { schema: { type: 'string', contentSchema } } } }
    }
    case 'text':
      return { description: answer.says, content: { [answer.type]: { schema: { type: 'string' } } } }
    case 'document':
      return { description: answer.says, content: { [answer.type]: { schema: { type: 'object' } } } }
  }
}

const jsonObject = (description: string, schema: z.ZodType): Json => ({
  description,
  content: { 'application/json': { schema: refTo(schema) } },
})

function errorObject(status: number, codes: readonly RequestErrorCode[]): Json {
  const retry = { 'retry-after': { description: 'seconds to wait', schema: { type: 'integer' } } }
  const ownShapes = codes.flatMap((code) => (SAYS_MORE[code] === undefined ? [] : [refTo(SAYS_MORE[code])]))
  const others = codes.filter((code) => SAYS_MORE[code] === undefined)
  const error = { allOf: [{ $ref: '#/components/schemas/Error' }, { properties: { code: { enum: others } } }] }
  const shapes = others.length === 0 ? ownShapes : [error, ...ownShapes]
  return {
    description: codes.map((code) => `${code}: ${REQUEST_ERRORS[code].means}`).join('; '),
    ...(status === 429 || status === 503 ? { headers: retry } : {}),
    content: { 'application/json': { schema: shapes.length === 1 ? shapes[0] : { oneOf: shapes } } },
  }
}

/** Whatever is asked for may be answered with these. */
export const OF_ALL: readonly RequestErrorCode[] = [
  'bad_request',
  'unknown_parameter',
  'foreign_origin',
  'request_timeout',
  'unknown_expectation',
  'unknown_host',
  'headers_too_large',
  'rate_limited',
  'internal',
]

/** What the guard before all routes, and the server, may answer besides. */
export function errorsOf({ method, path, errors = [], body }: Operation): readonly RequestErrorCode[] {
  const { access } = ruleOf(method, path)
  const ofToken: RequestErrorCode[] = access === 'open' ? [] : ['no_token', 'unknown_token', 'missing_scope']
  const ofBody: RequestErrorCode[] = body === undefined ? [] : ['body_too_large', 'not_ready', 'too_busy']
  return [...new Set([...errors, ...ofBody, ...ofToken, ...OF_ALL])]
}

function refTo(schema: z.ZodType): Json {
  const id = schemas.get(schema)?.id
  if (id === undefined) throw new Error('a schema of an operation has no name')
  return { $ref: `#/components/schemas/${id}` }
}

function componentSchemas(): Json {
  const found = z.toJSONSchema(schemas, {
    uri: (id) => `#/components/schemas/${id}`,
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER && zodSchema !== askedOffset) delete jsonSchema.maximum
    },
  })
  return Object.fromEntries(
    Object.entries(found.schemas).map(([id, { $schema: _schema, $id: _id, ...schema }]) => [id, schema]),
  )
}
