import { expect } from '@jest/globals'
import { count } from '../../core/aggregates/count'
import { distinct } from '../../core/aggregates/distinct'
import { max, min } from '../../core/aggregates/extreme'
import { mean } from '../../core/aggregates/mean'
import { sum } from '../../core/aggregates/sum'
import { type Pipeline, pipeline } from '../../core/pipeline/pipeline'
import { tumbling, type WindowSpec } from '../../core/pipeline/window'
import { eventually } from '../support/eventually'
import type { TestNode } from '../support/fixture'

/** 2024-01-01T00:00:00Z. */
export const NEW_YEAR_MS = 1_704_067_200_000

/** Events `{k, t, v, u}` as they are: no map, nothing out of order, nothing late. */
export const plainPipeline = (window: WindowSpec = tumbling('10s')): Pipeline =>
  pipeline<Record<string, unknown>>({
    name: 'plain',
    key: 'k',
    timestamp: { field: 't', unit: 'ms' },
    window,
    outOfOrderness: '0s',
    aggregates: { n: count(), s: sum('v'), lo: min('v'), hi: max('v'), avg: mean('v'), d: distinct('u') },
  }) as unknown as Pipeline

/**
 * Sends lines, each of which has to be accepted, by way of the edge or of the burst. Waits until they are counted: what
 * is not on its way yet goes by the next mode.
 */
export async function send(node: TestNode, mode: 'never' | 'always', lines: readonly string[]): Promise<void> {
  await node.app.inject({ method: 'POST', url: '/v1/burst', payload: { mode } })
  const answer = (await node.post(lines.join('\n'))).json()
  expect(answer).toMatchObject({ accepted: lines.length, late: 0, partlyLate: 0, rejected: [] })
  await eventually(async () => expect((await node.status()).events.pending).toBe(0), 15_000)
}

/** An event, as a line. */
export const line = (k: string, t: number, v: unknown = 1, u: unknown = 1) => JSON.stringify({ k, t, v, u })
