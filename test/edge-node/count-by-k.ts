import { count } from '../../core/aggregates/count'
import { type Pipeline, type PipelineOptions, pipeline } from '../../core/pipeline'
import { tumbling } from '../../core/window'

type Options = PipelineOptions<{ k: string; t?: unknown }, { k: string; t?: unknown }, { n: ReturnType<typeof count> }>

/** The least that a pipeline can be: events `{k, t}`, counted by `k` in windows of 10 ms. */
export const countByK = (options: Partial<Options> = {}): Pipeline =>
  pipeline({
    name: 'test',
    key: 'k',
    timestamp: { field: 't', unit: 'ms' },
    window: tumbling(10),
    aggregates: { n: count() },
    ...options,
  }) as Pipeline
