/** A body that cannot be read at all: nothing of it was accepted. */
export class UnreadableBody extends Error {
  readonly retryable = false
  constructor(
    readonly status: 400 | 413 | 415,
    readonly code: 'body_too_large' | 'too_many_lines' | 'invalid_gzip' | 'invalid_json' | 'unknown_encoding',
    message: string,
  ) {
    super(message)
  }
}
