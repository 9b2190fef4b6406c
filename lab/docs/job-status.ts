import type { JobOverview, SidecarShown } from '../../edge-node/observe/feed'
import type { JobStatus } from '../../flink/controller/job-status'
import { code, page, table } from './markdown'

/** Every field of each part, or this does not compile. */
const FIELDS: Readonly<Record<keyof JobStatus, string>> = {
  pipeline: 'name of the pipeline that its sidecars have to run',
  version: 'version of the pipelines, as the first sidecar says; `unknown` before any was heard',
  ready: 'whether a sidecar is heard',
  unready: 'why nothing can be decided, in words; null while something can',
  mode: 'what the sidecars are told: auto, always or never',
  events: 'events by what became of them, by all processes that ever were its sidecars while it ran',
  edge: 'all sidecars as one edge: what they fold, and what waits in them and before the job',
  burst: 'whether anything is on its way out, what is in the cloud, and why in words',
  controller: 'policy, terms, facts of the job, and the changes of mode with reasons, as of an edge node',
  cloud: 'what was used and what it costs, by all sidecars',
  job: 'the job and its sidecars, below',
}

const JOB_FIELDS: Readonly<Record<keyof JobOverview, string>> = {
  jobId: 'id of the job',
  name: 'its name',
  state: 'its state in the words of Flink, such as RUNNING',
  problem: 'why it is not known how the job is now, in words; null while it is',
  parallelism: 'subtasks of its widest vertex',
  lagRecords: 'records that wait before its sources: `pendingRecords` of Flink',
  lagSeconds: 'how long until a record that comes now is read, at the rate of now; null while nothing is read',
  arrivedPerSecond: 'records that come into what it reads from: read, and what waits there more than before',
  readPerSecond: 'records that it reads, by differences of counters',
  restarts: 'times that Flink started it again',
  checkpoints: 'how many were completed, failed and are under way; when the last one was, how long and how large',
  sidecars: 'each sidecar, below',
}

const SIDECAR_FIELDS: Readonly<Record<keyof SidecarShown, string>> = {
  name: 'its address, as it was named to the controller',
  hearing: '`heard`: now; `silent`: it may go by its last orders; `gone`: nothing listens there',
  problem: 'why it is not heard, in words',
  now: 'what it said last: mode, queue, what it folded where, and its share of calls and dollars; null before it ever did',
  orders: 'why it was told what it was told last',
}

const ROUTES: readonly (readonly [request: string, scope: string, does: string])[] = [
  ['GET /', 'open', 'the dashboard'],
  ['GET /v1/status', 'read', 'all of this'],
  ['GET /metrics', 'read', 'metrics in the text format of Prometheus'],
  ['POST /v1/burst', 'admin', 'sets the mode of all sidecars: `{"mode": "auto"}`, `always` or `never`'],
  ['GET /v1/live', 'read', 'what the dashboard is told, as server-sent events'],
  ['GET /v1/history', 'read', 'the last hour by the second'],
  ['GET /healthz', 'open', 'the process lives'],
  ['GET /readyz', 'open', '200 while a sidecar is heard, else 503 with the reason'],
]

/** The reference of what the controller of a job tells. */
export function jobStatusPage(): string {
  const rows = (fields: Readonly<Record<string, string>>) =>
    Object.entries(fields).map(([name, says]) => [code(name), says])
  const section = (title: string, fields: Readonly<Record<string, string>>) =>
    `## ${title}\n\n${table(['field', 'what it says'], rows(fields))}`
  const routes = ROUTES.map(([request, scope, does]) => [code(request), scope, does])
  return page(
    '# Status of a Flink job',
    INTRODUCTION,
    table(['request', 'scope', 'what it does'], routes),
    section('GET /v1/status', FIELDS),
    section('job', JOB_FIELDS),
    section('job.sidecars', SIDECAR_FIELDS),
  )
}

const INTRODUCTION = `What ${code('spillway controller')} answers; [how to run it](../how-to/run-on-flink.md#the-controller). Errors, tokens and
limits are those of the [edge node](http-api.md). Times are epoch milliseconds, delays ms, rates events per second; null is
what is not known.`
