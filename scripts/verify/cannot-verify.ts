export type CannotVerifyCode =
  | 'unreadable-accepted-file'
  | 'unreachable-edge-node'
  | 'unexpected-answer'
  | 'unknown-pipeline'
  | 'unwritable-report'

/** Nothing is known about exactness, because an input could not be had, or it cannot be written down. The message names it and what to do. */
export class CannotVerify extends Error {
  constructor(
    readonly code: CannotVerifyCode,
    message: string,
  ) {
    super(message)
    this.name = 'CannotVerify'
  }
}
