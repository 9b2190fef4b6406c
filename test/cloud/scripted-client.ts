import timers from 'node:timers/promises'
import { jest } from '@jest/globals'

/**
 * Stands for an SDK client: answers each command with the next of its answers, where an Error is thrown, and notes what
 * it was sent.
 */
export class ScriptedClient {
  readonly inputs: Record<string, unknown>[] = []
  private readonly answers: unknown[]

  constructor(...answers: unknown[]) {
    this.answers = answers
  }

  async send(command: { readonly input: object }): Promise<unknown> {
    this.inputs.push(structuredClone(command.input) as Record<string, unknown>)
    // The last answer is given for good, so that a script can say "and so on".
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0]
    if (answer instanceof Error) throw answer
    return answer
  }

  /** As the client that the product takes. */
  as<Client>(): Client {
    return this as unknown as Client
  }
}

/** Until the mocks are restored, backoffs end at once. Returns the delays that were asked for, in ms. */
export function instantSleeps(): number[] {
  const delaysMs: number[] = []
  jest.spyOn(timers, 'setTimeout').mockImplementation(async (delayMs) => {
    delaysMs.push(delayMs ?? 0)
    return undefined as never
  })
  return delaysMs
}
