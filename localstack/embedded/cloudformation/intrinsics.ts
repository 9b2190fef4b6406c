/**
 * A request to CloudFormation that cannot be done as it is written. Retrying does not help; the message says what to
 * change.
 */
export class TemplateError extends Error {
  constructor(
    message: string,
    readonly code: 'ValidationError' | 'AlreadyExistsException' = 'ValidationError',
  ) {
    super(message)
  }
}

export type Json = string | number | boolean | null | Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** What an expression may refer to. The functions throw TemplateError for a name that is not there. */
export interface Scope {
  /** A parameter, a pseudo parameter, or the physical id of a resource; undefined for `AWS::NoValue`. */
  ref(name: string): Json | undefined
  attribute(logicalId: string, attribute: string): Json
  condition(name: string): boolean
}

/**
 * Replaces the intrinsic functions in a value: Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Split, Fn::Select, Fn::If, and
 * in conditions Condition, Fn::Equals, Fn::And, Fn::Or, Fn::Not. Others are refused. What is `AWS::NoValue` is left
 * out.
 */
export function evaluate(value: Json, scope: Scope): Json | undefined {
  if (Array.isArray(value)) return evaluateAll(value, scope)
  if (!isObject(value)) return value
  const [only, ...others] = Object.keys(value)
  if (only !== undefined && others.length === 0 && isIntrinsic(only)) return call(only, value[only]!, scope)
  const entries = Object.entries(value).map(([key, child]) => [key, evaluate(child, scope)] as const)
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, Json] => entry[1] !== undefined))
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function evaluateAll(values: readonly Json[], scope: Scope): Json[] {
  return values.map((value) => evaluate(value, scope)).filter((value): value is Json => value !== undefined)
}

/** A resource property may itself be called `Condition` (IAM policies have one); the intrinsic's value is a name. */
function isIntrinsic(key: string): boolean {
  return key === 'Ref' || key.startsWith('Fn::')
}

function call(name: string, argument: Json, scope: Scope): Json | undefined {
  switch (name) {
    case 'Ref':
      return scope.ref(text(argument, name))
    case 'Fn::GetAtt':
      return getAtt(argument, scope)
    case 'Fn::Sub':
      return substitute(argument, scope)
    case 'Fn::Join':
      return join(argument, scope)
    case 'Fn::Split':
      return split(argument, scope)
    case 'Fn::Select':
      return select(argument, scope)
    case 'Fn::If': {
      const [condition, then, otherwise] = args(argument, 3, name)
      return evaluate(scope.condition(text(condition, name)) ? then! : otherwise!, scope)
    }
    case 'Fn::Equals':
    case 'Fn::And':
    case 'Fn::Or':
    case 'Fn::Not':
      return evaluateCondition({ [name]: argument }, scope)
    default:
      throw new TemplateError(`Template error: the embedded cloud does not know the function ${name}`)
  }
}

/** The value of an entry in the section `Conditions`. */
export function evaluateCondition(value: Json, scope: Scope): boolean {
  if (!isObject(value)) throw new TemplateError('Template error: a condition must be a function')
  const [name = '', argument] = Object.entries(value)[0] ?? []
  const operands = () => (Array.isArray(argument) ? argument : []).map((each) => evaluateCondition(each, scope))
  switch (name) {
    case 'Condition':
      return scope.condition(text(argument, name))
    case 'Fn::Equals': {
      const [left, right] = args(argument, 2, name).map((each) => JSON.stringify(evaluate(each, scope)))
      return left === right
    }
    case 'Fn::And':
      return operands().every(Boolean)
    case 'Fn::Or':
      return operands().some(Boolean)
    case 'Fn::Not':
      return !operands()[0]
    default:
      throw new TemplateError(`Template error: ${name} is not a condition function`)
  }
}

function getAtt(argument: Json, scope: Scope): Json {
  const path = typeof argument === 'string' ? argument : args(argument, 2, 'Fn::GetAtt').map(String).join('.')
  const dot = path.indexOf('.')
  if (dot < 0) throw new TemplateError('Template error: every Fn::GetAtt needs a resource and an attribute')
  return scope.attribute(path.slice(0, dot), path.slice(dot + 1))
}

function substitute(argument: Json, scope: Scope): string {
  const [template, variables] = Array.isArray(argument) ? args(argument, 2, 'Fn::Sub') : [argument, {}]
  const own = isObject(variables) ? variables : {}
  return text(template, 'Fn::Sub').replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`
    if (own[name] !== undefined) return text(evaluate(own[name], scope), 'Fn::Sub')
    return String(name.includes('.') ? getAtt(name, scope) : scope.ref(name))
  })
}

function join(argument: Json, scope: Scope): string {
  const [separator, list] = args(argument, 2, 'Fn::Join')
  return listOf(list, scope, 'Fn::Join')
    .map((each) => text(each, 'Fn::Join'))
    .join(text(separator, 'Fn::Join'))
}

function split(argument: Json, scope: Scope): string[] {
  const [separator, whole] = args(argument, 2, 'Fn::Split')
  return text(evaluate(whole!, scope), 'Fn::Split').split(text(separator, 'Fn::Split'))
}

function select(argument: Json, scope: Scope): Json {
  const [index, list] = args(argument, 2, 'Fn::Select')
  const chosen = listOf(list, scope, 'Fn::Select')[Number(evaluate(index!, scope))]
  if (chosen === undefined) throw new TemplateError('Template error: Fn::Select cannot select beyond its list')
  return chosen
}

function listOf(value: Json | undefined, scope: Scope, name: string): readonly Json[] {
  const list = value === undefined ? undefined : evaluate(value, scope)
  if (Array.isArray(list)) return list
  throw new TemplateError(`Template error: ${name} needs a list`)
}

function args(argument: Json | undefined, count: number, name: string): readonly Json[] {
  if (Array.isArray(argument) && argument.length === count) return argument
  throw new TemplateError(`Template error: ${name} needs a list of ${count}`)
}

function text(value: Json | undefined, name: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new TemplateError(`Template error: ${name} needs a string`)
}
