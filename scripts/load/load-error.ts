/** What can be expected to go wrong before a run: the caller's input, never the server. */
export type LoadErrorCode = 'bad-option' | 'bad-trace' | 'bad-event-file' | 'bad-output-file'

/** An expected failure; its message names what was wrong and what to do. */
export class LoadError extends Error {
  constructor(
    readonly code: LoadErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'LoadError'
  }
}
