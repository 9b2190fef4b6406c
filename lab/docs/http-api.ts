import { ruleOf } from '../../edge-node/http/access/routes'
import { REQUEST_ERRORS, type RequestErrorCode } from './errors'
import { code, page, table } from './markdown'
import { errorsOf, OF_ALL } from './openapi/document'
import { OPERATIONS, type Operation } from './openapi/operations'

/** The reference of the HTTP API for readers. */
export function httpApiPage(): string {
  const rows = OPERATIONS.map(({ method, path, summary }) => [
    code(`${method} ${path}`),
    ruleOf(method, path).access,
    summary,
  ])
  return page('# HTTP API', INTRODUCTION, table(['request', 'scope', 'what it does'], rows), ...OPERATIONS.map(section))
}

function section(operation: Operation): string {
  const { method, path, summary, description, parameters = [], body, answers } = operation
  const rows = parameters.map(({ name, in: where, schema, description: says }) => [
    code(name),
    where,
    boundsOf(schema),
    says,
  ])
  const good = answers.map(
    (answer) => `${answer.status}${answer.kind === 'json' ? '' : ` (${code(answer.type)}: ${answer.says})`}`,
  )
  const bad = errorsOf(operation).filter((name) => !OF_ALL.includes(name))
  return [
    `## ${method} ${path}`,
    `${summary}.${description === undefined ? '' : ` ${description}`}`,
    ...(body === undefined ? [] : [`Body: ${body.says}`]),
    ...(rows.length === 0 ? [] : [table(['parameter', 'in', 'takes', 'what it is'], rows)]),
    `Answers: ${good.join(', ')}.${bad.length === 0 ? '' : ` Errors: ${listOf(bad)}.`}`,
  ].join('\n\n')
}

const listOf = (codes: readonly RequestErrorCode[]) =>
  [...new Set(codes.map((name) => `${REQUEST_ERRORS[name].status} ${code(name)}`))].sort().join(', ')

function boundsOf({
  type,
  minimum,
  maximum,
  enum: values,
  default: fallback,
  maxLength,
  pattern,
}: Readonly<Record<string, unknown>>): string {
  const range = maximum === undefined ? '' : ` from ${minimum} to ${maximum}`
  const length = maxLength === undefined ? '' : ` of at most ${maxLength} characters`
  const like = pattern === undefined ? '' : ` like ${code(String(pattern))}`
  const usual = fallback === undefined ? '' : `; default ${fallback}`
  return Array.isArray(values) ? values.join(', ') : `${type}${range}${length}${like}${usual}`
}

const INTRODUCTION = `[openapi.json](openapi.json) is the same for programs (OpenAPI 3.1), with a schema for every answer; a node serves it at
${code('GET /openapi.json')}. Times are epoch milliseconds of the event time, unless their name says otherwise. Error codes and what to do are in
[error-codes.md](error-codes.md); every request may also be answered with ${listOf(OF_ALL)}. Results are defined in [FORMULAS.md](../FORMULAS.md).

On a node with tokens, send ${code('Authorization: Bearer TOKEN')} of the scope that the table names; ${code('open')} asks for none.`
