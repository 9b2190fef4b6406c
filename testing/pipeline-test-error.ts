export type PipelineTestErrorCode =
  | 'unreadable_event'
  | 'too_many_events'
  | 'wrong_option'
  | 'not_json'
  | 'split_differs'
  | 'law_broken'

/** Why a pipeline or an aggregate does not pass. Its message names the place and what to change. */
export class PipelineTestError extends Error {
  override readonly name = 'PipelineTestError'
  /** The same test gives the same error until something is changed. */
  readonly retryable = false

  constructor(
    readonly code: PipelineTestErrorCode,
    message: string,
  ) {
    super(message)
  }
}
