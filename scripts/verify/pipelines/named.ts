import { CannotVerify } from '../cannot-verify'
import type { OraclePipeline } from '../pipeline'
import { bids } from './bids'
import { burn } from './burn'
import { hot } from './hot'
import { llmUsage } from './llm-usage'

const PIPELINES: readonly OraclePipeline[] = [bids, burn, hot, llmUsage]

/** The oracle's own description of the pipeline that the edge node runs. Throws CannotVerify for an unknown one. */
export function oraclePipeline(name: string): OraclePipeline {
  const found = PIPELINES.find((pipeline) => pipeline.name === name)
  if (found) return found
  const known = PIPELINES.map((pipeline) => pipeline.name).join(', ')
  throw new CannotVerify(
    'unknown-pipeline',
    `there is no oracle for the pipeline "${name}" (known: ${known}); describe it in scripts/verify/pipelines/`,
  )
}
