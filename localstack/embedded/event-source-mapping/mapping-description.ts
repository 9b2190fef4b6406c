import type { MappingConfig } from './mapping-config'

export type MappingState = 'Enabled' | 'Updating' | 'Disabling' | 'Disabled'

/** Lambda's EventSourceMappingConfiguration as its REST API puts it on the wire: times in epoch seconds. */
export interface MappingDescription {
  readonly UUID: string
  readonly EventSourceMappingArn: string
  readonly EventSourceArn: string
  readonly FunctionArn: string
  readonly StartingPosition: string
  readonly StartingPositionTimestamp?: number
  readonly BatchSize: number
  readonly MaximumBatchingWindowInSeconds: number
  readonly ParallelizationFactor: number
  readonly MaximumRecordAgeInSeconds: number
  readonly BisectBatchOnFunctionError: boolean
  readonly MaximumRetryAttempts: number
  readonly TumblingWindowInSeconds: number
  readonly FunctionResponseTypes: readonly string[]
  readonly DestinationConfig: { readonly OnFailure?: { readonly Destination: string } }
  readonly LastModified: number
  readonly LastProcessingResult: string
  readonly State: MappingState
  readonly StateTransitionReason: string
}

/** What changes while a mapping runs. */
export interface MappingStatus {
  readonly state: MappingState
  readonly lastModifiedMs: number
  readonly lastResult: string
}

export function describeMapping(config: MappingConfig, status: MappingStatus): MappingDescription {
  const [, partition, , region, account] = config.functionArn.split(':')
  const start = config.startingPosition
  const destination = config.onFailureDestinationArn
  return {
    UUID: config.uuid,
    EventSourceMappingArn: `arn:${partition}:lambda:${region}:${account}:event-source-mapping:${config.uuid}`,
    EventSourceArn: config.eventSourceArn,
    FunctionArn: config.functionArn,
    StartingPosition: start.kind,
    ...(start.kind === 'AT_TIMESTAMP' && { StartingPositionTimestamp: start.ms / 1000 }),
    BatchSize: config.batchSize,
    MaximumBatchingWindowInSeconds: config.batchingWindowMs / 1000,
    ParallelizationFactor: config.parallelizationFactor,
    MaximumRecordAgeInSeconds: minusOneIfInfinite(config.maximumRecordAgeMs / 1000),
    BisectBatchOnFunctionError: config.bisectBatchOnFunctionError,
    MaximumRetryAttempts: minusOneIfInfinite(config.maximumRetryAttempts),
    TumblingWindowInSeconds: 0,
    FunctionResponseTypes: config.reportBatchItemFailures ? ['ReportBatchItemFailures'] : [],
    DestinationConfig: destination === undefined ? {} : { OnFailure: { Destination: destination } },
    LastModified: status.lastModifiedMs / 1000,
    LastProcessingResult: status.lastResult,
    State: status.state,
    StateTransitionReason: 'User action',
  }
}

function minusOneIfInfinite(value: number): number {
  return value === Number.POSITIVE_INFINITY ? -1 : value
}
