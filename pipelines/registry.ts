import type { Pipeline } from '../core/pipeline'
import bids from './bids'
import burn from './burn'
import llmUsage from './llm-usage'

/** Every pipeline that the edge can run and the functions know, by name. Add yours here. */
export const pipelines: ReadonlyMap<string, Pipeline> = new Map<string, Pipeline>([
  [bids.name, bids],
  [burn.name, burn],
  [llmUsage.name, llmUsage],
])
