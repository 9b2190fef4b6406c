import type { Answer } from './log-record'

const ENTRY_BYTES = 400 // a map's entry, the answer's object with its numbers, the digest, and the key's own header
const REJECTION_BYTES = 100 // the object of a rejected line, less its reason

/** Bytes that an answer takes in memory, roughly: characters take two at most. */
export const answerBytesOf = (key: string, { rejected }: Answer): number =>
  rejected.reduce((bytes, { reason }) => bytes + REJECTION_BYTES + 2 * reason.length, ENTRY_BYTES + 2 * key.length)

/** A request that was answered. */
export interface Remembered {
  readonly answer: Answer
  /** Of its body; null where a version wrote it that did not keep that. */
  readonly digest: string | null
}

/** The same as a checkpoint has it: key, answer and digest, which older versions did not write. */
export type RememberedEntry = readonly [key: string, answer: Answer, digest?: string | null]

/**
 * The answers that requests have had, by idempotency key, within a number and a size; the oldest are forgotten first.
 */
export class RememberedAnswers {
  private readonly answers = new Map<string, Remembered>()
  private held = 0

  constructor(
    private readonly most: number,
    private readonly mostBytes: number,
  ) {}

  get bytes(): number {
    return this.held
  }

  get(key: string): Remembered | undefined {
    return this.answers.get(key)
  }

  add(key: string, answer: Answer, digest: string | null = null): void {
    this.forget(key)
    this.answers.set(key, { answer, digest })
    this.held += answerBytesOf(key, answer)
    for (const oldest of this.answers.keys()) {
      if (this.answers.size <= this.most && this.held <= this.mostBytes) return
      this.forget(oldest)
    }
  }

  /** In the order in which they came. */
  snapshot(): RememberedEntry[] {
    return [...this.answers].map(([key, { answer, digest }]) => [key, answer, digest])
  }

  private forget(key: string): void {
    const remembered = this.answers.get(key)
    if (remembered === undefined) return
    this.held -= answerBytesOf(key, remembered.answer)
    this.answers.delete(key)
  }
}
