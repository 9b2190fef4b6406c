import type { Pipeline } from 'spillway'
import bids from './bids'
import burn from './burn'
import hot from './hot'
import llmUsage from './llm-usage'

/** Every pipeline that the edge can run and the functions know, by name. Add yours here. */
export const pipelines: ReadonlyMap<string, Pipeline> = new Map<string, Pipeline>([
  [bids.name, bids],
  [burn.name, burn],
  [hot.name, hot],
  [llmUsage.name, llmUsage],
])
