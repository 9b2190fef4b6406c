/** The node cannot start on this data. Not retryable without doing what the message says. */
export class CannotRecover extends Error {
  readonly code = 'cannot_recover'
  readonly retryable = false
}
