/** Why nothing is known of a job. */
export type FlinkUnreadCode =
  | 'flink_unreachable'
  | 'flink_refused'
  | 'flink_answer'
  | 'flink_no_job'
  | 'flink_unknown_job'
  | 'flink_several_jobs'

/** Flink's REST API does not tell what was asked for. */
export class FlinkUnread extends Error {
  constructor(
    readonly code: FlinkUnreadCode,
    message: string,
  ) {
    super(message)
  }

  /** What runs may run later, and what is not reached may be: only an answer of another shape stays as it is. */
  get retryable(): boolean {
    return this.code === 'flink_unreachable' || this.code === 'flink_no_job' || this.code === 'flink_unknown_job'
  }
}
