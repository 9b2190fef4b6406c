/**
 * The entry `spillway/testing`: runs a pipeline in a unit test by the code that the edge node runs, and holds own
 * aggregates to their laws.
 */
export { type AggregateSamples, checkAggregate } from './check-aggregate'
export { PipelineTestError, type PipelineTestErrorCode } from './pipeline-test-error'
export { type RunOptions, run } from './run'
export type { DeadEvent, LateEvent, RejectedEvent, RunResult, RunWindow } from './run-result'
