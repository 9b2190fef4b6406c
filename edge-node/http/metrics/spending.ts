import { counter, gauge, type Metric } from './family'
import type { ObservedDecisions } from './observed'

/**
 * What does it cost: what was used in the units that are billed, as far as the edge knows, and dollars at list prices.
 */
export const COST_METRICS: readonly Metric<ObservedDecisions>[] = [
  counter('spillway_cloud_kinesis_records_total', 'Records put.', ({ status }) => status.cloud.kinesisRecords),
  counter('spillway_cloud_kinesis_bytes_total', 'Bytes of those records.', ({ status }) => status.cloud.kinesisBytes),
  counter(
    'spillway_cloud_kinesis_put_units_total',
    'Payload units of 25 KB.',
    ({ status }) => status.cloud.kinesisPutUnits,
  ),
  counter(
    'spillway_cloud_lambda_invocations_total',
    'Calls of functions, empty ones included.',
    ({ status }) => status.cloud.lambdaInvocations,
  ),
  counter(
    'spillway_cloud_lambda_gigabyte_seconds_total',
    'Duration of functions by their memory.',
    ({ status }) => status.cloud.lambdaGbSeconds,
  ),
  counter(
    'spillway_cloud_lambda_init_gigabyte_seconds_total',
    'The same of starting their instances.',
    ({ status }) => status.cloud.lambdaInitGbSeconds,
  ),
  counter('spillway_cloud_dynamodb_read_units_total', 'Read units of 4 KB.', ({ status }) => status.cloud.readUnits),
  counter('spillway_cloud_dynamodb_write_units_total', 'Write units of 1 KB.', ({ status }) => status.cloud.writeUnits),
  counter(
    'spillway_cloud_bytes_out_total',
    'Bytes that left the cloud for the edge.',
    ({ status }) => status.cloud.bytesOut,
  ),
  counter(
    'spillway_cloud_cost_dollars_total',
    'US dollars for all of that, without the standing price of the stream.',
    ({ status }) => status.cloud.usd,
  ),
  gauge(
    'spillway_cloud_idle_dollars_per_hour',
    'US dollars an hour for the stream, whether anything bursts or not.',
    ({ status }) => status.cloud.idleUsdPerHour,
  ),
  gauge(
    'spillway_spent_last_hour_dollars',
    'US dollars that bursting has cost within the last hour.',
    ({ status }) => status.controller.facts.spentUsd,
  ),
  gauge(
    'spillway_spend_limit_dollars_per_hour',
    'US dollars that bursting may cost within an hour.',
    ({ limits }) => limits.maxUsdPerHour,
  ),
]
