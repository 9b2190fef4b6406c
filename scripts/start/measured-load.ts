import { readFile } from 'node:fs/promises'
import type { Status } from '../../edge-node/http/status'
import type { LoadReport } from '../load/report'
import type { Stoppable } from '../processes/child'
import type { EdgeClient } from '../processes/edge-process'
import { type VerifyReport, verify } from '../verify/report'
import { leastOverflowOf } from './arrivals'
import { type LoadOrder, startLoad } from './load-process'
import { buildReport, type Report } from './report'
import { watchUntilFinal } from './watch'

export interface MeasuredLoad {
  readonly report: Report
  readonly check: VerifyReport
  readonly load: LoadReport
  readonly status: Status
}

export interface LoadSetting {
  readonly edge: EdgeClient
  readonly order: Omit<LoadOrder, 'url'>
  /** Base capacity of the edge node in events per second. */
  readonly capacity: number
  /** Files with what the edge node accepted before this load. */
  readonly acceptedBefore: readonly string[]
  readonly sampleMs: number
  readonly onLook?: (status: Status, atMs: number) => void
  /** Every window is final; now they are computed again. */
  readonly onFinal?: () => void
}

/** Sends a load to an edge node, waits until every window is final, computes them all again, and reports. */
export async function measureLoad(setting: LoadSetting, children: Stoppable[]): Promise<MeasuredLoad> {
  const { edge, order, capacity, acceptedBefore, sampleMs, onLook, onFinal } = setting
  const series = await watchUntilFinal(edge, startLoad({ ...order, url: edge.url }, children), sampleMs, onLook)
  onFinal?.()
  const load = JSON.parse(await readFile(`${order.folder}/load.json`, 'utf8')) as LoadReport
  const check = await verify({ accepted: [...acceptedBefore, `${order.folder}/load.ndjson`], url: edge.url })
  const status = await edge.status()
  const { latencyTargetMs } = status.controller.terms
  const least = await leastOverflowOf(load, capacity, latencyTargetMs)
  const report = buildReport({ capacity, leastOverflow: least.total, load, status, check, series })
  return { report, check, load, status }
}
