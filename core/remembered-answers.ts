import type { Answer } from './log-record'

const ENTRY_BYTES = 300 // a map's entry, the answer's object with its numbers, and the key's own header
const REJECTION_BYTES = 100 // the object of a rejected line, less its reason

/** Bytes that an answer takes in memory, roughly: characters take two at most. */
export const answerBytesOf = (key: string, { rejected }: Answer): number =>
  rejected.reduce((bytes, { reason }) => bytes + REJECTION_BYTES + 2 * reason.length, ENTRY_BYTES + 2 * key.length)

/** The answers that requests have had, by idempotency key, within a number and a size; the oldest are forgotten first. */
export class RememberedAnswers {
  private readonly answers = new Map<string, Answer>()
  private held = 0

  constructor(
    private readonly most: number,
    private readonly mostBytes: number,
  ) {}

  get bytes(): number {
    return this.held
  }

  get(key: string): Answer | undefined {
    return this.answers.get(key)
  }

  add(key: string, answer: Answer): void {
    this.forget(key)
    this.answers.set(key, answer)
    this.held += answerBytesOf(key, answer)
    for (const oldest of this.answers.keys()) {
      if (this.answers.size <= this.most && this.held <= this.mostBytes) return
      this.forget(oldest)
    }
  }

  /** In the order in which they came. */
  snapshot(): (readonly [string, Answer])[] {
    return [...this.answers]
  }

  private forget(key: string): void {
    const answer = this.answers.get(key)
    if (answer === undefined) return
    this.held -= answerBytesOf(key, answer)
    this.answers.delete(key)
  }
}
