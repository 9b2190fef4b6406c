import type { Envelope, EnvelopeHeader } from '../../core/protocol/envelope'
import type { Ledger } from '../../core/protocol/ledger'
import type { Log } from './log'

const MAX_RUN_EVENTS = 200_000 // events read at once: some tens of megabytes

/**
 * Takes queued envelopes off the front of `headers`, reads their lines from the log, and returns them in order. It
 * takes at least one, and stops when `maxBytes` of lines are in memory. An envelope that has its lines by now, or needs
 * none any more, is left out.
 */
export async function attachLines(
  ledger: Ledger,
  log: Pick<Log, 'readLines'>,
  headers: EnvelopeHeader[],
  maxBytes: number,
): Promise<Envelope[]> {
  const attached: Envelope[] = []
  do {
    const run = takeRun(headers, maxBytes - ledger.queuedBytes, ({ number }) => ledger.bytesOf(number))
    if (run.length === 0) break
    const events = run.reduce((sum, { count }) => sum + count, 0)
    const lines = await log.readLines(run[0]!.firstOffset, events)
    for (const header of run) {
      const envelope = { ...header, lines: lines.splice(0, header.count) }
      if (ledger.attach(envelope)) attached.push(envelope)
    }
  } while (ledger.queuedBytes < maxBytes)
  return attached
}

/** Takes envelopes that follow each other without a gap off the front: one, and more within `roomBytes`. */
function takeRun(
  headers: EnvelopeHeader[],
  roomBytes: number,
  bytesOf: (header: EnvelopeHeader) => number,
): EnvelopeHeader[] {
  const run = headers.splice(0, 1)
  if (run[0] === undefined) return run
  let events = run[0].count
  let bytes = bytesOf(run[0])
  for (let next = headers[0]; next !== undefined; next = headers[0]) {
    bytes += bytesOf(next)
    if (next.firstOffset !== run[0].firstOffset + events || events >= MAX_RUN_EVENTS || bytes > roomBytes) break
    run.push(headers.shift()!)
    events += next.count
  }
  return run
}
