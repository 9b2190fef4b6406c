/** The configuration names something that is not there, or that cannot be used. Not retryable. */
export class BadConfig extends Error {
  readonly code = 'bad_config'
  readonly retryable = false
}
