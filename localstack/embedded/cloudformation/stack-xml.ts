import type { XmlContent } from '../xml'
import type { Stack, StackEvent } from './stack'

/** A stack as DescribeStacks shows it. */
export function stackContent(stack: Stack): XmlContent {
  const outputs = stack.description.outputs.map(({ key, value, exportName }) => {
    const output: XmlContent = [
      ['OutputKey', key],
      ['OutputValue', value],
      ['ExportName', exportName],
    ]
    return ['member', output] as const
  })
  return [
    ['StackId', stack.id],
    ['StackName', stack.name],
    ['CreationTime', new Date(stack.createdMs).toISOString()],
    ['StackStatus', stack.status],
    ['StackStatusReason', stack.statusReason],
    ['DisableRollback', 'false'],
    ['Outputs', outputs],
  ]
}

/** An event as DescribeStackEvents shows it. */
export function eventContent(event: StackEvent, stack: Stack): XmlContent {
  return [
    ['EventId', event.id],
    ['StackId', stack.id],
    ['StackName', stack.name],
    ['LogicalResourceId', event.logicalId],
    ['PhysicalResourceId', event.physicalId],
    ['ResourceType', event.type],
    ['Timestamp', new Date(event.atMs).toISOString()],
    ['ResourceStatus', event.status],
    ['ResourceStatusReason', event.reason],
  ]
}
