import { TemplateError } from './intrinsics'
import type { Resource } from './resource'
import type { StackDescription } from './template'

export type StackStatus =
  | 'CREATE_IN_PROGRESS'
  | 'CREATE_COMPLETE'
  | 'ROLLBACK_COMPLETE'
  | 'UPDATE_IN_PROGRESS'
  | 'UPDATE_COMPLETE'
  | 'UPDATE_ROLLBACK_COMPLETE'
  | 'DELETE_IN_PROGRESS'
  | 'DELETE_COMPLETE'

export interface StackEvent {
  readonly id: string
  readonly atMs: number
  readonly logicalId: string
  readonly physicalId: string
  readonly type: string
  readonly status: string
  readonly reason: string | undefined
}

export interface Stack {
  readonly id: string
  readonly name: string
  readonly createdMs: number
  status: StackStatus
  statusReason: string | undefined
  description: StackDescription
  /** Newest first, as DescribeStackEvents lists them. */
  readonly events: StackEvent[]
}

/** A step towards what a template describes. */
export type Step =
  | { readonly kind: 'create'; readonly resource: Resource }
  | { readonly kind: 'update'; readonly before: Resource; readonly resource: Resource }
  | { readonly kind: 'delete'; readonly resource: Resource }

/** What others refer to comes first: a mapping needs its stream and its function, a function its bucket. */
const CREATION_ORDER: Readonly<Record<Resource['kind'], number>> = {
  acknowledged: 0,
  bucket: 1,
  stream: 2,
  consumer: 3,
  table: 4,
  queue: 5,
  function: 6,
  event_source_mapping: 7,
}

/**
 * The steps from one set of resources to another, in an order in which they can be made. A change that would need data
 * to move is refused (TemplateError): the embedded cloud is quicker to start again than to migrate.
 */
export function stepsBetween(before: readonly Resource[], after: readonly Resource[]): Step[] {
  const existing = new Map(before.map((resource) => [resource.logicalId, resource]))
  const wanted = new Set(after.map(({ logicalId }) => logicalId))
  const made = inOrder(after).flatMap((resource) => stepTo(existing.get(resource.logicalId), resource))
  const gone = inOrder(before.filter(({ logicalId }) => !wanted.has(logicalId))).reverse()
  return [...made, ...gone.map((resource): Step => ({ kind: 'delete', resource }))]
}

function inOrder(resources: readonly Resource[]): Resource[] {
  return [...resources].sort((left, right) => CREATION_ORDER[left.kind] - CREATION_ORDER[right.kind])
}

function stepTo(before: Resource | undefined, resource: Resource): Step[] {
  if (before === undefined) return [{ kind: 'create', resource }]
  if (JSON.stringify(before) === JSON.stringify(resource)) return []
  const sameKind = before.kind === resource.kind && before.physicalId === resource.physicalId
  if (sameKind && isReplaceable(resource)) return [{ kind: 'update', before, resource }]
  throw new TemplateError(
    `${resource.logicalId} (${resource.type}) cannot be changed in the embedded cloud; start it again to begin from the new template`,
  )
}

/** Functions and mappings hold no data. */
function isReplaceable({ kind }: Resource): boolean {
  return kind === 'function' || kind === 'event_source_mapping' || kind === 'acknowledged'
}
