/** The error codes of the Kinesis API that the embedded service can answer with. */
export type KinesisErrorCode =
  | 'DryRunOperationException'
  | 'ExpiredIteratorException'
  | 'ExpiredNextTokenException'
  | 'InvalidArgumentException'
  | 'LimitExceededException'
  | 'ProvisionedThroughputExceededException'
  | 'ResourceInUseException'
  | 'ResourceNotFoundException'
  | 'SerializationException'
  | 'UnknownOperationException'
  | 'ValidationException'

/** An expected failure of a Kinesis call. Only `ProvisionedThroughputExceededException` is worth retrying as it is. */
export class KinesisError extends Error {
  constructor(
    readonly code: KinesisErrorCode,
    message: string,
  ) {
    super(message)
    this.name = code
  }
}
