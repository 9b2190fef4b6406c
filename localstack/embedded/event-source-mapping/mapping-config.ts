import type { ShardReader, StartingPosition } from '../kinesis/shard-reader'
import type { StartTimer } from '../timers'
import type { InvokeFunction } from '../wire'

/** A Kinesis event source mapping, complete and valid. Made by `mappingConfig` from CloudFormation's properties. */
export interface MappingConfig {
  readonly uuid: string
  readonly enabled: boolean
  readonly eventSourceArn: string
  /** The plain name that the function is invoked by. */
  readonly functionName: string
  readonly functionArn: string
  /** Shown to the function as `invokeIdentityArn`. */
  readonly executionRoleArn: string
  readonly startingPosition: StartingPosition
  /** Records per invocation, 1 to 10,000. */
  readonly batchSize: number
  /** How long records are gathered for a full batch; 0 sends what a read brought. */
  readonly batchingWindowMs: number
  /**
   * Lanes per shard, 1 to 10: batches in flight at the same time. The records of one partition key stay in one lane.
   */
  readonly parallelizationFactor: number
  readonly reportBatchItemFailures: boolean
  readonly bisectBatchOnFunctionError: boolean
  /** How often the same batch is sent again; infinite unless given. */
  readonly maximumRetryAttempts: number
  /** Older records are discarded; infinite unless given (the stream's retention still applies). */
  readonly maximumRecordAgeMs: number
  /** Where metadata of discarded batches goes: the ARN of an SQS queue, an SNS topic or an S3 bucket. */
  readonly onFailureDestinationArn: string | undefined
  /** Whether records are pushed to a consumer or the stream itself is polled: as the ARN of the source says. */
  readonly consumer: 'fan-out' | 'standard'
  /** Pause after a read that found nothing. On AWS one second, which cannot be changed there. */
  readonly pollIntervalMs: number
  /** From the arrival of a record until a consumer has it. AWS: 70 ms on average, which cannot be changed there. */
  readonly pushMs: number
}

/** What the Lambda API answers to a mapping that cannot be: `InvalidParameterValueException`, HTTP 400. */
export class InvalidMapping extends Error {
  override readonly name = 'InvalidMapping'
  readonly code = 'InvalidParameterValueException'
}

/** What the Lambda API answers while an update is under way: `ResourceInUseException`, HTTP 400. */
export class MappingInUse extends Error {
  override readonly name = 'MappingInUse'
  readonly code = 'ResourceInUseException'
}

/** What can be changed while a mapping runs. */
export interface MappingUpdate {
  readonly parallelizationFactor?: number | undefined
}

/** What a mapping needs of the world around it. */
export interface MappingDeps {
  readonly reader: ShardReader
  readonly invoke: InvokeFunction
  /**
   * Delivers the notice of a discarded batch; may reject, which is noted and does not hold up the shard (as on AWS).
   */
  readonly sendToDestination: (arn: string, body: string) => Promise<void>
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly startTimer: StartTimer
}
