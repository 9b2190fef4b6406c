import { z } from 'zod'

/** What is read of Flink's answers, and nothing else: they have much more, and more with each version. */

/** Numbers that Flink does not know come as the text "NaN": here they are null. */
const measured = z.union([z.number(), z.literal('NaN')]).transform((value) => (value === 'NaN' ? null : value))

/** `GET /overview`. */
export const overviewAnswer = z.object({ 'flink-version': z.string() })

/** `GET /jobs/overview`. */
export const jobsAnswer = z.object({
  jobs: z.array(z.object({ jid: z.string(), name: z.string(), state: z.string(), 'start-time': z.number() })),
})

/** `GET /jobs/ID`. `now` is the JobManager's clock. */
export const jobAnswer = z.object({
  jid: z.string(),
  name: z.string(),
  state: z.string(),
  'start-time': z.number(),
  now: z.number(),
  vertices: z.array(z.object({ id: z.string(), name: z.string(), parallelism: z.number().int(), status: z.string() })),
  plan: z.object({
    nodes: z.array(z.object({ id: z.string(), inputs: z.array(z.object({ id: z.string() })).optional() })),
  }),
})

/** `GET /jobs/ID/metrics?get=...`: values are text there. */
export const jobMetricsAnswer = z.array(z.object({ id: z.string(), value: z.string() }))

/** `GET /jobs/ID/vertices/ID/subtasks/metrics`: without `get` only the names. */
export const metricNamesAnswer = z.array(z.object({ id: z.string() }))

/** The same with `get=...&agg=sum`: what has no value yet is left out. */
export const metricSumsAnswer = z.array(z.object({ id: z.string(), sum: measured }))

const checkpoint = z.object({
  id: z.number(),
  trigger_timestamp: z.number(),
  latest_ack_timestamp: z.number(),
  end_to_end_duration: z.number(),
  checkpointed_size: z.number(),
})

/** `GET /jobs/ID/checkpoints`. */
export const checkpointsAnswer = z.object({
  counts: z.object({ in_progress: z.number(), completed: z.number(), failed: z.number() }),
  latest: z.object({
    completed: checkpoint.nullable(),
    failed: z.object({ failure_timestamp: z.number(), failure_message: z.string().nullish() }).nullable(),
  }),
})
