import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'

/** A function was reached and failed, or could not be reached. Retrying helps for all but a bug in the function. */
export class InvokeFailed extends Error {
  readonly retryable = true
  constructor(
    readonly code: 'function_error' | 'unreachable',
    functionName: string,
    detail: string,
  ) {
    super(`${functionName}: ${detail}`)
  }
}

/** Calls one function and waits for its JSON answer. */
export class FunctionInvoker {
  constructor(
    private readonly client: LambdaClient,
    private readonly functionName: string,
  ) {}

  /** Rejects with InvokeFailed. */
  async invoke(payload: unknown): Promise<unknown> {
    const answer = await this.client
      .send(new InvokeCommand({ FunctionName: this.functionName, Payload: Buffer.from(JSON.stringify(payload)) }))
      .catch((error: Error) => {
        throw new InvokeFailed('unreachable', this.functionName, `${error.name}: ${error.message}`)
      })
    const text = answer.Payload === undefined ? 'null' : Buffer.from(answer.Payload).toString('utf8')
    if (answer.FunctionError !== undefined)
      throw new InvokeFailed('function_error', this.functionName, text.slice(0, 500))
    return JSON.parse(text)
  }
}
