/**
 * The entry `spillway`: all that a file with a pipeline imports. What it leaves out is how pipelines are run.
 */
export { count } from './aggregates/count'
export { distinct } from './aggregates/distinct'
export { max, min } from './aggregates/extreme'
export { mean } from './aggregates/mean'
export { quantile } from './aggregates/quantile'
export { sum } from './aggregates/sum'
export { type Aggregate, type FieldAggregate, type Json, Refusal } from './pipeline/aggregate'
export type { Duration } from './pipeline/duration'
export {
  type Aggregates,
  type EventOf,
  type MapContext,
  type Pipeline,
  type PipelineOptions,
  pipeline,
  type Row,
  type RowOf,
} from './pipeline/pipeline'
export type { TimestampUnit } from './pipeline/timestamp'
export { sliding, tumbling, type WindowSpec } from './pipeline/window'
