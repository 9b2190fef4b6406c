/** Waits for an answer, and not for ever. Rejects as `looking` does, and when it takes longer than `limitMs`. */
export async function within<T>(limitMs: number, looking: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(limitMs)), limitMs)
  })
  return Promise.race([looking, late]).finally(() => clearTimeout(timer))
}

/** What was asked is silent. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
  constructor(limitMs: number) {
    super(`nothing was heard for ${limitMs / 1_000} s; check the network, AWS_REGION and AWS_ENDPOINT_URL`)
  }
}
