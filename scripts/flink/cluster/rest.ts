import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Flink does not do what it should; its logs say why. */
export class ClusterFailed extends Error {
  readonly code = 'flink_failed'
  readonly retryable = true
}

const TIMEOUT_MS = 240_000 // for what Flink does within seconds on an idle machine
const LOOK_EVERY_MS = 300
const MAX_TEXT = 1_000 // of an answer that goes into a message

/** A job that was submitted. */
export interface Job {
  readonly id: string
  /** Takes a savepoint below the folder and ends the job with it; resolves with the savepoint's path. */
  stopWithSavepoint(folder: string): Promise<string>
  cancel(): Promise<void>
}

/** Flink's REST API, as far as a run needs it. All reject with ClusterFailed. */
export class FlinkRest {
  constructor(
    private readonly url: string,
    /** Where its logs are. */
    private readonly logs: string,
  ) {}

  async slots(): Promise<number> {
    const overview = (await this.answerOf('/overview')) as { 'slots-total': number }
    return overview['slots-total']
  }

  /** Uploads a jar and starts it, from a savepoint if one is given; resolves when all of its tasks run. */
  async submit(jar: string, args: Readonly<Record<string, string>>, savepointPath?: string): Promise<Job> {
    const form = new FormData()
    form.append('jarfile', new Blob([await readFile(jar)]), path.basename(jar))
    const { filename } = (await this.answerOf('/jars/upload', { method: 'POST', body: form })) as { filename: string }
    const programArgsList = Object.entries(args).flatMap(([name, value]) => [`--${name}`, value])
    const run = post({ programArgsList, ...(savepointPath === undefined ? {} : { savepointPath }) })
    const { jobid: id } = (await this.answerOf(`/jars/${path.basename(filename)}/run`, run)) as { jobid: string }
    await this.until('all tasks run', async () => {
      const { vertices } = (await this.answerOf(`/jobs/${id}`)) as { vertices: { status: string }[] }
      return vertices.every(({ status }) => status === 'RUNNING')
    })
    return {
      id,
      stopWithSavepoint: (folder) => this.stopWithSavepoint(id, folder),
      cancel: () => this.cancel(id),
    }
  }

  /** Rejects when something is not so after four minutes. */
  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + TIMEOUT_MS
    while (!(await isSo())) {
      if (performance.now() > deadlineMs) {
        throw new ClusterFailed(`Flink was given four minutes until ${what}; see the logs in ${this.logs}`)
      }
      await sleep(LOOK_EVERY_MS)
    }
  }

  private async stopWithSavepoint(id: string, folder: string): Promise<string> {
    const stop = post({ drain: false, targetDirectory: `file://${path.resolve(folder)}` })
    const asked = (await this.answerOf(`/jobs/${id}/stop`, stop)) as { 'request-id': string }
    let location = ''
    await this.until('a savepoint is taken', async () => {
      const now = (await this.answerOf(`/jobs/${id}/savepoints/${asked['request-id']}`)) as SavepointStatus
      if (now.status.id !== 'COMPLETED') return false
      if (now.operation.location === undefined) {
        throw new ClusterFailed(`the savepoint failed: ${JSON.stringify(now.operation).slice(0, MAX_TEXT)}`)
      }
      location = now.operation.location
      return true
    })
    await this.ended(id, 'FINISHED')
    return location
  }

  private async cancel(id: string): Promise<void> {
    await this.answerOf(`/jobs/${id}?mode=cancel`, { method: 'PATCH' })
    await this.ended(id, 'CANCELED')
  }

  private ended(id: string, state: string): Promise<void> {
    return this.until(`job ${id} is ${state}`, async () => {
      const job = (await this.answerOf(`/jobs/${id}`)) as { state: string }
      return job.state === state
    })
  }

  private async answerOf(what: string, request: RequestInit = {}): Promise<unknown> {
    const answer = await fetch(`${this.url}${what}`, request)
    const text = await answer.text()
    if (answer.ok) return text === '' ? null : JSON.parse(text)
    throw new ClusterFailed(`Flink answers ${this.url}${what} with ${answer.status}: ${text.slice(0, MAX_TEXT)}`)
  }
}

interface SavepointStatus {
  readonly status: { readonly id: string }
  readonly operation: { readonly location?: string }
}

const post = (body: unknown): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
})
