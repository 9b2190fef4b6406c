/** Says which run of how many it is, and when the last will be done. */
export class Progress {
  private done = 0
  private spentMs = 0

  constructor(
    private readonly runs: readonly { readonly label: string; readonly estimateMs: number }[],
    private readonly say: (text: string) => void,
  ) {}

  /** Performs the next run. What is left is estimated anew by how well the estimates have held so far. */
  async next<T>(work: () => Promise<T>): Promise<T> {
    const run = this.runs[this.done]!
    this.say(`[${this.done + 1}/${this.runs.length}] ${run.label}; about ${minutes(this.leftMs())} left`)
    const startedMs = Date.now()
    const result = await work()
    this.spentMs += Date.now() - startedMs
    this.done += 1
    return result
  }

  /** In ms, at the pace so far. */
  leftMs(): number {
    const estimated = (from: number, to: number) =>
      this.runs.slice(from, to).reduce((sum, { estimateMs }) => sum + estimateMs, 0)
    const pace = this.done === 0 ? 1 : this.spentMs / Math.max(1, estimated(0, this.done))
    return estimated(this.done, this.runs.length) * pace
  }
}

function minutes(ms: number): string {
  return ms < 90_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} min`
}
