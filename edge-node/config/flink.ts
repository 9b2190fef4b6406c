import { isPlainAddress } from './addresses'
import { text, texts, wholeNumber } from './fields'

/** What the controller of a Flink job has to know; nothing else reads it. */
export const flinkFields = {
  flink: text('an address of a JobManager')
    .refine(isPlainAddress, {
      error: 'an http or https address without user, password and query, such as http://127.0.0.1:8081',
    })
    .default('http://127.0.0.1:8081')
    .describe("REST API of the job's JobManager; it is only read"),
  job: text('the id of a job').optional().describe('which job; without it, the only one that runs'),
  sidecars: texts('addresses')
    .default([])
    .describe('all sidecars of the job, unix:FILE or HOST:PORT each: what is not named here has no orders'),
  flinkPollMs: wholeNumber({ min: 100, max: 60_000 })
    .default(500)
    .describe('how often job and sidecars are asked; sidecars go by their own signal in between'),
}
