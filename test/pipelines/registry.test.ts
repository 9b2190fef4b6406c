import { describe, expect, test } from '@jest/globals'
import { pipelines } from '../../pipelines/registry'
import { oraclePipeline } from '../../scripts/verify/pipelines/named'

describe('the registry', () => {
  test('has every pipeline under its own name', () => {
    for (const [name, pipeline] of pipelines) expect(pipeline.name).toBe(name)
  })

  test.each([...pipelines.keys()])('%s has an oracle with the same windows and aggregates', (name) => {
    const { window, columns } = pipelines.get(name)!
    const oracle = oraclePipeline(name)
    expect(oracle.windowing).toEqual({ sizeMs: window.sizeMs, slideMs: window.slideMs })
    expect(Object.keys(oracle.aggregates)).toEqual(columns.map(([column]) => column))
  })
})
