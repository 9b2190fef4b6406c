/** Codes of the client's own; an answer of the node keeps the code that it has, see docs/reference/error-codes.md. */
export type ClientErrorCode = 'unreachable' | 'no_answer' | 'stream_reset' | 'wrong_pipeline' | 'answer_too_large'

/** Why something was not done: what the node answered, or that it did not. */
export class ClientError extends Error {
  override readonly name = 'ClientError'

  constructor(
    /** One of `ClientErrorCode`, or a code of the node. */
    readonly code: ClientErrorCode | (string & {}),
    message: string,
    /** Whether the same may help later, with the same idempotency key. */
    readonly retryable: boolean,
    readonly details: ErrorDetails = {},
  ) {
    super(message, { cause: details.cause })
  }
}

export interface ErrorDetails {
  /** Status of the answer; absent where there was none. */
  readonly status?: number
  /** How long the node wants to be left alone. */
  readonly retryAfterMs?: number
  /** Of what was sent: under this key it can be sent again, and counts once. */
  readonly idempotencyKey?: string
  readonly cause?: unknown
}
