import bids from '../pipelines/bids'
import burn from '../pipelines/burn'
import hot from '../pipelines/hot'
import llmUsage from '../pipelines/llm-usage'
import { burstFunction, mergeFunction } from './lambda'

/** What the functions can fold and merge. Add yours here. */
const pipelines = [bids, burn, hot, llmUsage]

export const burst = burstFunction(pipelines)
export const merge = mergeFunction(pipelines)
