import { setTimeout as sleep } from 'node:timers/promises'
import type { Status } from '../../edge-node/http/status'
import type { Child } from '../processes/child'
import type { EdgeClient } from '../processes/edge-process'
import { type Sample, sampleOf } from './samples'

const FINAL_TIMEOUT_MS = 240_000 // a window of a minute, its lateness, and an edge or a cloud that has to catch up

/**
 * Looks at the edge node every `sampleMs` until the load has ended and every window is final. Rejects when the load
 * fails, or when windows stay open for long.
 */
export async function watchUntilFinal(
  edge: EdgeClient,
  load: Child,
  sampleMs: number,
  onLook: (status: Status, atMs: number) => void = () => undefined,
): Promise<Sample[]> {
  const series: Sample[] = []
  let loading = true
  const ended = load.ended().then((code) => {
    loading = false
    if (code !== 0) throw new Error(`the load ended with ${code}; its output above says why`)
  })
  ended.catch(() => undefined)
  let [before, beforeMs] = [await edge.status(), Date.now()]
  for (let deadlineMs = Number.POSITIVE_INFINITY; ; ) {
    await sleep(sampleMs)
    const [after, afterMs] = [await edge.status(), Date.now()]
    series.push(sampleOf(before, beforeMs, after, afterMs))
    ;[before, beforeMs] = [after, afterMs]
    onLook(after, afterMs)
    if (loading) continue
    await ended
    if (deadlineMs === Number.POSITIVE_INFINITY) deadlineMs = afterMs + FINAL_TIMEOUT_MS
    if (isFinal(after)) return series
    if (afterMs > deadlineMs) throw new Error(`windows are still not final: ${JSON.stringify(after.windows)}`)
  }
}

const isFinal = ({ windows: { open, closing, finalizing }, events }: Status) =>
  open + closing + finalizing + events.pending === 0
