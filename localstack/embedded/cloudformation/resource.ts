import type { MappingConfig } from '../event-source-mapping/mapping-config'
import type { StreamMode } from '../kinesis/kinesis-stream'
import type { FunctionConfig } from '../lambda/function-config'
import type { QueueSettings } from '../sqs/queue'
import type { JsonObject } from './intrinsics'

/** A table's properties, as CreateTable takes them. */
export interface TableSettings {
  readonly name: string
  readonly createTable: JsonObject
  /** The attribute that holds when an item expires (epoch seconds). */
  readonly ttlAttribute: string | undefined
}

/** What a template can describe here. */
export type Resource = { readonly logicalId: string; readonly type: string; readonly physicalId: string } & (
  | { readonly kind: 'stream'; readonly name: string; readonly mode: StreamMode; readonly retentionHours: number }
  | { readonly kind: 'consumer'; readonly name: string; readonly streamArn: string }
  | { readonly kind: 'table'; readonly table: TableSettings }
  | { readonly kind: 'queue'; readonly queue: QueueSettings }
  | { readonly kind: 'bucket'; readonly name: string }
  | { readonly kind: 'function'; readonly config: FunctionConfig; readonly code: { bucket: string; key: string } }
  | { readonly kind: 'event_source_mapping'; readonly mapping: MappingConfig }
  /** Known, and without effect here: nobody is refused anything in the embedded cloud, and logs go to its output. */
  | { readonly kind: 'acknowledged' }
)
