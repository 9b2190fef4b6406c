import type { z } from 'zod'

const TIMEOUT_MS = 5_000 // a request takes 20 ms; a JobManager that collects garbage for longer is as good as away
const MAX_ANSWER_BYTES = 16 * 1024 * 1024 // the names of the metrics of a thousand partitions are half a megabyte

/** Asks a JobManager's REST API. It only reads. */
export class FlinkRest {
  private readonly base: string

  /** `baseUrl` as people give it: `http://host:8081`, also with a path before the API. */
  constructor(
    baseUrl: string,
    private readonly timeoutMs = TIMEOUT_MS,
  ) {
    this.base = baseUrl.replace(/\/+$/, '')
  }

  /** The part of an answer that `schema` names. Rejects with FlinkUnread. */
  async get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
    const url = `${this.base}${path}`
    const response = await fetch(url, { signal: AbortSignal.timeout(this.timeoutMs) }).catch((error: unknown) => {
      throw this.unreachable(error)
    })
    const text = await boundedText(response, url).catch((error: unknown) => {
      throw error instanceof FlinkUnread ? error : this.unreachable(error)
    })
    if (!response.ok) throw refusedBy(url, response.status, text)
    const parsed = schema.safeParse(parseJson(text))
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    const what = `${url} does not answer as Flink 1.18 to 2.2 do (${issue?.path.join('.')}: ${issue?.message})`
    throw new FlinkUnread('flink_answer', `${what}; is it the address of a JobManager?`)
  }

  private unreachable(error: unknown): FlinkUnread {
    const { name, message, cause } = error as Error & { readonly cause?: Error }
    const why = name === 'TimeoutError' ? `no answer in ${this.timeoutMs} ms` : (cause?.message ?? message)
    const what = `Flink cannot be reached at ${this.base} (${why || 'the connection was refused'})`
    return new FlinkUnread('flink_unreachable', `${what}; start it, or give the address of its JobManager by --flink`)
  }
}

/** The body, as long as it is no larger than any answer should be. */
async function boundedText(response: Response, url: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES)
      throw new FlinkUnread(
        'flink_answer',
        `${url} answers with more than ${MAX_ANSWER_BYTES} bytes, which is not read`,
      )
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function refusedBy(url: string, status: number, text: string): FlinkUnread {
  if (status === 404)
    return new FlinkUnread(
      'flink_unknown_job',
      `${url} is not known to Flink (404): the job is over, or its id is wrong`,
    )
  const [line] = text.split('\n')
  return new FlinkUnread('flink_refused', `${url} is answered with ${status}: ${line?.slice(0, 300)}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Why nothing is known of a job. */
export type FlinkUnreadCode =
  | 'flink_unreachable'
  | 'flink_refused'
  | 'flink_answer'
  | 'flink_no_job'
  | 'flink_unknown_job'
  | 'flink_several_jobs'

/** Flink's REST API does not tell what was asked for. */
export class FlinkUnread extends Error {
  constructor(
    readonly code: FlinkUnreadCode,
    message: string,
  ) {
    super(message)
  }

  /** What runs may run later, and what is not reached may be: only an answer of another shape stays as it is. */
  get retryable(): boolean {
    return this.code === 'flink_unreachable' || this.code === 'flink_no_job' || this.code === 'flink_unknown_job'
  }
}
