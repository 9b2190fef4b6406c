/** Why there is no advice. */
export type AdviceFailure =
  | 'unreachable'
  | 'not_understood'
  | 'refused'
  | 'no_such_job'
  | 'several_jobs'
  | 'nothing_seen'
  | 'cannot_write'

/** An expected failure; its message names what was wrong and what to do. */
export class CannotAdvise extends Error {
  constructor(
    readonly code: AdviceFailure,
    message: string,
    readonly retryable: boolean,
  ) {
    super(message)
  }
}
