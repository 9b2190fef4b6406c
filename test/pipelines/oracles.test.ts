import { expect, test } from '@jest/globals'
import bids from '../../pipelines/bids'
import burn from '../../pipelines/burn'
import hot from '../../pipelines/hot'
import llmUsage from '../../pipelines/llm-usage'
import { oraclePipeline } from '../../scripts/verify/pipelines/named'

test.each([bids, burn, hot, llmUsage])(
  'the pipeline $name has an oracle with the same windows and aggregates',
  ({ name, window, columns }) => {
    const oracle = oraclePipeline(name)
    expect(oracle.windowing).toEqual({ sizeMs: window.sizeMs, slideMs: window.slideMs })
    expect(Object.keys(oracle.aggregates)).toEqual(columns.map(([column]) => column))
  },
)
