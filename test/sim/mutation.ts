/** A deliberate bug, put into the classes of the product from outside: what the world must notice. */
export interface Mutation {
  readonly name: string
  /** The rule that it breaks. */
  readonly breaks: string
  /** Puts it in, and returns how to take it out. */
  readonly apply: () => () => void
}
