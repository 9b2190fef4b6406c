import { randomUUID } from 'node:crypto'
import { arn } from '../arn'
import type { WireResponse, WireService } from '../wire'
import { element, XML_DECLARATION, type XmlContent } from '../xml'
import { TemplateError } from './intrinsics'
import type { Stack, StackStatus } from './stack'
import { eventContent, stackContent } from './stack-xml'
import type { Stacks } from './stacks'
import type { ReadSettings } from './template'

/** CloudFormation takes more by TemplateURL only, which is not part of the embedded cloud. */
const MAX_TEMPLATE_BYTES = 51_200

const NAMESPACE = ' xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"'

const UPDATABLE: readonly StackStatus[] = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE']

export interface CloudFormationSettings {
  readonly region: string
  readonly endpoint: () => string
  readonly pollIntervalMs: number
}

type Action = (form: URLSearchParams) => Promise<XmlContent>

/**
 * The query protocol of CloudFormation: CreateStack, UpdateStack, DescribeStacks, DescribeStackEvents, DeleteStack. An
 * action answers when its work is done, so a waiter sees the end of it at its first look.
 */
export function cloudFormationService(stacks: Stacks, settings: CloudFormationSettings): WireService {
  const actions: Readonly<Record<string, Action>> = {
    CreateStack: (form) => createStack(stacks, settings, form),
    UpdateStack: (form) => updateStack(stacks, settings, form),
    DescribeStacks: async (form) => describeStacks(stacks, form),
    DescribeStackEvents: async (form) => describeEvents(existing(stacks, form)),
    DeleteStack: (form) => deleteStack(stacks, form),
  }
  return async ({ body }) => {
    const form = new URLSearchParams(body.toString())
    const name = form.get('Action') ?? ''
    const action = actions[name]
    if (action === undefined) return failure('InvalidAction', `The embedded CloudFormation has no action ${name}`)
    try {
      return success(name, await action(form))
    } catch (error) {
      if (error instanceof TemplateError) return failure(error.code, error.message)
      throw error
    }
  }
}

async function createStack(
  stacks: Stacks,
  settings: CloudFormationSettings,
  form: URLSearchParams,
): Promise<XmlContent> {
  const stackName = required(form, 'StackName')
  if (stacks.find(stackName) !== undefined) {
    throw new TemplateError(`Stack [${stackName}] already exists`, 'AlreadyExistsException')
  }
  const stackId = arn('cloudformation', settings.region, `stack/${stackName}/${randomUUID()}`)
  await stacks.create(stackId, templateOf(form), readSettings(settings, form, stackName, stackId))
  return [['StackId', stackId]]
}

async function updateStack(
  stacks: Stacks,
  settings: CloudFormationSettings,
  form: URLSearchParams,
): Promise<XmlContent> {
  const stack = existing(stacks, form)
  if (!UPDATABLE.includes(stack.status)) {
    throw new TemplateError(`Stack:${stack.id} is in ${stack.status} state and can not be updated.`)
  }
  const changed = await stacks.update(stack, templateOf(form), readSettings(settings, form, stack.name, stack.id))
  if (!changed) throw new TemplateError('No updates are to be performed.')
  return [['StackId', stack.id]]
}

async function deleteStack(stacks: Stacks, form: URLSearchParams): Promise<XmlContent> {
  const stack = stacks.find(required(form, 'StackName'))
  if (stack !== undefined) await stacks.remove(stack)
  return []
}

function describeStacks(stacks: Stacks, form: URLSearchParams): XmlContent {
  const described = form.has('StackName') ? [existing(stacks, form)] : stacks.all()
  return [['Stacks', described.map((stack) => ['member', stackContent(stack)])]]
}

function describeEvents(stack: Stack): XmlContent {
  return [['StackEvents', stack.events.map((event) => ['member', eventContent(event, stack)])]]
}

function existing(stacks: Stacks, form: URLSearchParams): Stack {
  const name = required(form, 'StackName')
  const stack = stacks.find(name)
  if (stack === undefined) throw new TemplateError(`Stack with id ${name} does not exist`)
  return stack
}

function readSettings(
  settings: CloudFormationSettings,
  form: URLSearchParams,
  stackName: string,
  stackId: string,
): ReadSettings {
  const { region, endpoint, pollIntervalMs } = settings
  return { place: { stackName, stackId, region, endpoint: endpoint() }, parameters: parametersOf(form), pollIntervalMs }
}

/** Lists come flattened: `Parameters.member.1.ParameterKey=...`. */
function parametersOf(form: URLSearchParams): Record<string, string> {
  const parameters: Record<string, string> = {}
  for (let index = 1; form.has(`Parameters.member.${index}.ParameterKey`); index += 1) {
    const key = form.get(`Parameters.member.${index}.ParameterKey`) ?? ''
    parameters[key] = form.get(`Parameters.member.${index}.ParameterValue`) ?? ''
  }
  return parameters
}

function templateOf(form: URLSearchParams): string {
  const template = form.get('TemplateBody')
  if (template === null)
    throw new TemplateError('The embedded CloudFormation needs TemplateBody; it reads no TemplateURL')
  const bytes = Buffer.byteLength(template)
  if (bytes <= MAX_TEMPLATE_BYTES) return template
  throw new TemplateError(`TemplateBody must not be longer than ${MAX_TEMPLATE_BYTES} bytes; it has ${bytes}`)
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name)
  if (value === null || value === '') throw new TemplateError(`${name} is missing`)
  return value
}

function success(action: string, result: XmlContent): WireResponse {
  const content: XmlContent = [
    [`${action}Result`, result],
    ['ResponseMetadata', [['RequestId', randomUUID()]]],
  ]
  return xml(200, element(`${action}Response`, content, NAMESPACE))
}

function failure(code: string, message: string): WireResponse {
  const error: XmlContent = [
    ['Type', 'Sender'],
    ['Code', code],
    ['Message', message],
  ]
  const content: XmlContent = [
    ['Error', error],
    ['RequestId', randomUUID()],
  ]
  return xml(400, element('ErrorResponse', content, NAMESPACE))
}

const xml = (status: number, body: string): WireResponse => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: XML_DECLARATION + body,
})
