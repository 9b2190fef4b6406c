/** What one accepted event adds to its windows, or that it adds nothing because it is dead-lettered. */
import { keyOf } from './admission'
import type { Fields } from './field'
import { DEAD_LETTER, type OraclePipeline } from './pipeline'

/** `values` are what the pipeline's aggregates read, in their order. */
export type Contribution = { key: string; values: readonly number[] }

/** One contribution for each event that the map returned; a single bad one dead-letters the event as a whole. */
export function contributionsOf(event: Fields, pipeline: OraclePipeline): readonly Contribution[] | typeof DEAD_LETTER {
  const mapped = pipeline.map ? pipeline.map(event) : [event]
  if (mapped === DEAD_LETTER) return DEAD_LETTER
  const contributions: Contribution[] = []
  for (const result of mapped) {
    const contribution = contributionOf(result, pipeline)
    if (contribution === undefined) return DEAD_LETTER
    contributions.push(contribution)
  }
  return contributions
}

function contributionOf(event: Fields, pipeline: OraclePipeline): Contribution | undefined {
  const key = keyOf(event, pipeline)
  const values: number[] = []
  for (const aggregate of Object.values(pipeline.aggregates)) {
    const value = aggregate.read(event)
    if (value === undefined) return undefined
    values.push(value)
  }
  return key === undefined ? undefined : { key, values }
}
