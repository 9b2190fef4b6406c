import type { Command } from 'commander'
import { integer } from '../load/flags'
import type { Bench } from './bench'
import { markdownTable, paragraphs, whole } from './markdown'
import { measureRecovery, NO_LIMIT, type RecoveryFigures } from './recovery'

const mib = (bytes: number | null | undefined) => (bytes == null ? '?' : whole(bytes / 2 ** 20))

interface RecoveryOptions {
  readonly events: number
  readonly backlogBytes: number
}

export const recovery: Bench<RecoveryOptions, RecoveryFigures> = {
  name: 'recovery',
  description: 'how long an edge node takes to start again with events behind its last checkpoint',
  options: (command: Command) =>
    command
      .option('--events <n>', 'events in the log behind the checkpoint', integer(1, 1e9), 1_000_000)
      .option(
        '--backlog-bytes <n>',
        'limit of the backlog of the measured start; beyond it the node refuses until it has worked it off',
        integer(1, Number.MAX_SAFE_INTEGER),
        NO_LIMIT,
      ),
  measure: ({ events, backlogBytes }, say) => measureRecovery(events, backlogBytes, say),
  render: ({ events, logBytes, startMs, acceptsMs, emptyStartMs, peakBytes, emptyPeakBytes }) => ({
    markdown: paragraphs(
      '# Recovery',
      'An edge node is killed with SIGKILL and started again; the time counts from the start of the process until it listens, and until it accepts events; the memory is the most that it took until then.',
      markdownTable(
        ['log behind the checkpoint', 'MiB', 'start ms', 'accepts after ms', 'peak MiB'],
        [
          ['empty', '0', whole(emptyStartMs), whole(emptyStartMs), mib(emptyPeakBytes)],
          [`${whole(events)} events`, mib(logBytes), whole(startMs), whole(acceptsMs ?? startMs), mib(peakBytes)],
        ],
      ),
    ),
    plots: [],
    mustHold: [],
  }),
}
