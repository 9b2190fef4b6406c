/**
 * A request to CloudFormation that cannot be done as it is written. Retrying does not help; the message says what to
 * change.
 */
export class TemplateError extends Error {
  constructor(
    message: string,
    readonly code: 'ValidationError' | 'AlreadyExistsException' = 'ValidationError',
  ) {
    super(message)
  }
}
