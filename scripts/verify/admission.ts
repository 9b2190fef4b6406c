/** FORMULAS, "Time and windows": in which windows a raw line counts, judged at the horizon of its batch's answer. */
import { type Fields, field, keyText } from './field'
import type { OraclePipeline } from './pipeline'
import { timestampMs } from './time'
import { isClosed, type Window, windowsOf } from './window'

/** `rejected`: the edge node should have refused the line, so it should not be among the accepted lines at all. */
export type Admission =
  | { verdict: 'rejected' | 'late' }
  | { verdict: 'accepted' | 'partlyLate'; event: Fields; windows: readonly Window[] }

export function admit(line: string, horizon: number | null, pipeline: OraclePipeline): Admission {
  const event = parseFields(line)
  const ts = event && timestampMs(field(event, pipeline.timestamp), pipeline.timestampUnit)
  if (event === undefined || ts === undefined) return { verdict: 'rejected' }
  if (!pipeline.map && keyOf(event, pipeline) === undefined) return { verdict: 'rejected' }

  const all = windowsOf(ts, pipeline.windowing)
  const open = all.filter((window) => !isClosed(window, horizon))
  if (open.length === 0) return { verdict: 'late' }
  return { verdict: open.length === all.length ? 'accepted' : 'partlyLate', event, windows: open }
}

export function keyOf(event: Fields, pipeline: OraclePipeline): string | undefined {
  return keyText(typeof pipeline.key === 'string' ? field(event, pipeline.key) : pipeline.key(event))
}

function parseFields(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
