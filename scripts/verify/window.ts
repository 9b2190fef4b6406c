/** FORMULAS, "Time and windows": the windows of a timestamp, and which of them are closed. */

/** A window `[start, end)` in event time, ms. */
export type Window = { start: number; end: number }

/** Tumbling windows are sliding ones whose slide is their size. */
export type Windowing = { sizeMs: number; slideMs: number }

export function tumbling(sizeMs: number): Windowing {
  return { sizeMs, slideMs: sizeMs }
}

export function sliding(sizeMs: number, slideMs: number): Windowing {
  return { sizeMs, slideMs }
}

/** Every `[start, start + size)` that contains `ts` and whose start is a multiple of the slide; earliest first. */
export function windowsOf(ts: number, { sizeMs, slideMs }: Windowing): Window[] {
  const windows: Window[] = []
  for (let start = Math.floor(ts / slideMs) * slideMs; start + sizeMs > ts; start -= slideMs) {
    windows.unshift({ start, end: start + sizeMs })
  }
  return windows
}

/** `horizon` is null before anything closed. */
export function isClosed(window: Window, horizon: number | null): boolean {
  return horizon !== null && window.end <= horizon
}
