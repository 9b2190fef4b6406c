import { type DestinationStream, type Logger, pino } from 'pino'
import { errorText } from '../../core/pipeline/excerpt'
import type { Config } from '../config/config'

/**
 * The log of the process: one JSON object a line, with `level` (30 info, 40 warn, 50 error), `time` (epoch ms),
 * `component`, `msg` and facts. No level has contents of events: what an error quotes of its input is left out.
 */
export function createLogger(level: Config['logLevel'], destination?: DestinationStream): Logger {
  const serializers = { err: describe, error: errorText, reason: errorText }
  const options = { level, serializers }
  return destination === undefined ? pino(options) : pino(options, destination)
}

/** An error by its name, code, message and frames. Its other properties may be anything. */
function describe(error: unknown) {
  if (!(error instanceof Error)) return { message: errorText(error) }
  const { name, message, stack = '' } = error
  const { code } = error as NodeJS.ErrnoException
  const frames = stack.split('\n').filter((line) => line.startsWith('    at '))
  return { type: name, ...(code === undefined ? {} : { code }), message: errorText(message), stack: frames.join('\n') }
}
