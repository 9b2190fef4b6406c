import { ACCOUNT_ID } from '../arn'
import {
  attributeOf,
  generatedName,
  isNamedByProperties,
  nameOfProperties,
  namePropertyOf,
  physicalId,
  type StackPlace,
} from './identity'
import {
  evaluate,
  evaluateCondition,
  isObject,
  type Json,
  type JsonObject,
  type Scope,
  TemplateError,
} from './intrinsics'
import { readResource } from './read-resource'
import type { Resource } from './resource'

export interface Output {
  readonly key: string
  readonly value: string
  readonly exportName: string | undefined
}

/** A template, understood: nothing in it refers to anything any more. */
export interface StackDescription {
  readonly resources: readonly Resource[]
  readonly outputs: readonly Output[]
}

export interface ReadSettings {
  readonly place: StackPlace
  /** By name; what is missing has the template's default. */
  readonly parameters: Readonly<Record<string, string>>
  /** Pause of an idle event source mapping; not a property on AWS, where it is a second. */
  readonly pollIntervalMs: number
}

/** Reads a CloudFormation template in JSON. Throws TemplateError saying what cannot be deployed here, and why. */
export function readTemplate(body: string, settings: ReadSettings): StackDescription {
  const template = parseTemplate(body)
  const scope = new TemplateScope(template, settings)
  return {
    resources: [...section(template, 'Resources')].filter(([id]) => scope.exists(id)).map(([id]) => scope.resource(id)),
    outputs: [...section(template, 'Outputs')].flatMap(([key, output]) => readOutput(key, output, scope)),
  }
}

function parseTemplate(body: string): JsonObject {
  try {
    const template = JSON.parse(body) as Json
    if (isObject(template)) return template
  } catch {
    // Said below, for both.
  }
  throw new TemplateError(
    'Template format error: the embedded cloud reads templates in JSON, as `sls package` writes them',
  )
}

function section(template: JsonObject, name: string): Map<string, JsonObject> {
  const content = template[name]
  if (!isObject(content)) return new Map()
  return new Map(Object.entries(content).filter((entry): entry is [string, JsonObject] => isObject(entry[1])))
}

function readOutput(key: string, output: JsonObject, scope: TemplateScope): Output[] {
  if (typeof output.Condition === 'string' && !scope.condition(output.Condition)) return []
  const value = evaluate(output.Value ?? null, scope)
  const exported = isObject(output.Export) ? evaluate(output.Export.Name ?? null, scope) : undefined
  return [{ key, value: String(value), exportName: exported === undefined ? undefined : String(exported) }]
}

/**
 * Resolves names within one template. A name is computed when it is asked for, so the order of resources does not
 * matter.
 */
class TemplateScope implements Scope {
  readonly #resources: Map<string, JsonObject>
  readonly #conditions: JsonObject
  readonly #parameters: Map<string, JsonObject>
  readonly #settings: ReadSettings
  /** Resources whose name is being computed: one that needs itself for that has no name. */
  readonly #naming = new Set<string>()

  constructor(template: JsonObject, settings: ReadSettings) {
    this.#resources = section(template, 'Resources')
    this.#parameters = section(template, 'Parameters')
    this.#conditions = isObject(template.Conditions) ? template.Conditions : {}
    this.#settings = settings
  }

  exists(logicalId: string): boolean {
    const condition = this.#declared(logicalId).Condition
    return typeof condition !== 'string' || this.condition(condition)
  }

  resource(logicalId: string): Resource {
    const [type, name] = [this.#typeOf(logicalId), this.#nameOf(logicalId)]
    const { place, pollIntervalMs } = this.#settings
    const arn = type === 'AWS::Lambda::Function' ? attributeOf(type, name, 'Arn', place) : ''
    const identity = { logicalId, type, name, arn, physicalId: physicalId(type, name, place) }
    const properties = evaluate(this.#declared(logicalId).Properties ?? {}, this)
    return readResource(identity, isObject(properties) ? properties : {}, { pollIntervalMs })
  }

  ref(name: string): Json | undefined {
    if (name.startsWith('AWS::')) return this.#pseudoParameter(name)
    const parameter = this.#parameters.get(name)
    if (parameter !== undefined) return this.#settings.parameters[name] ?? parameter.Default ?? ''
    return physicalId(this.#typeOf(name), this.#nameOf(name), this.#settings.place)
  }

  attribute(logicalId: string, attribute: string): Json {
    return attributeOf(this.#typeOf(logicalId), this.#nameOf(logicalId), attribute, this.#settings.place)
  }

  condition(name: string): boolean {
    const condition = this.#conditions[name]
    if (condition === undefined) throw new TemplateError(`Template error: there is no condition ${name}`)
    return evaluateCondition(condition, this)
  }

  #declared(logicalId: string): JsonObject {
    const declared = this.#resources.get(logicalId)
    if (declared !== undefined) return declared
    throw new TemplateError(`Template error: unresolved reference to ${logicalId}`)
  }

  #typeOf(logicalId: string): string {
    return String(this.#declared(logicalId).Type)
  }

  #nameOf(logicalId: string): string {
    if (this.#naming.has(logicalId)) throw new TemplateError(`Circular dependency between resources: [${logicalId}]`)
    this.#naming.add(logicalId)
    try {
      const { Properties: properties } = this.#declared(logicalId)
      if (isNamedByProperties(this.#typeOf(logicalId))) return this.#nameOfProperties(properties ?? {})
      const property = namePropertyOf(this.#typeOf(logicalId))
      const given = property !== undefined && isObject(properties) ? properties[property] : undefined
      const name = given === undefined ? undefined : evaluate(given, this)
      return typeof name === 'string' ? name : generatedName(this.#typeOf(logicalId), logicalId, this.#settings.place)
    } finally {
      this.#naming.delete(logicalId)
    }
  }

  #nameOfProperties(properties: Json): string {
    const evaluated = evaluate(properties, this)
    return nameOfProperties(isObject(evaluated) ? evaluated : {})
  }

  #pseudoParameter(name: string): Json | undefined {
    const { region, stackId, stackName } = this.#settings.place
    const values: Readonly<Record<string, string>> = {
      'AWS::AccountId': ACCOUNT_ID,
      'AWS::Partition': 'aws',
      'AWS::Region': region,
      'AWS::StackId': stackId,
      'AWS::StackName': stackName,
      'AWS::URLSuffix': 'amazonaws.com',
    }
    if (name === 'AWS::NoValue') return undefined
    if (values[name] !== undefined) return values[name]
    throw new TemplateError(`Template error: the embedded cloud does not know ${name}`)
  }
}
