import { burstFunction, mergeFunction } from 'spillway/lambda'
import bids from '../pipelines/bids'
import burn from '../pipelines/burn'
import hot from '../pipelines/hot'
import llmUsage from '../pipelines/llm-usage'

/** What the functions can fold and merge. Add yours here. */
const pipelines = [bids, burn, hot, llmUsage]

export const burst = burstFunction(pipelines)
export const merge = mergeFunction(pipelines)
