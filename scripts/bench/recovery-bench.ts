import type { Command } from 'commander'
import type { Bench } from './bench'
import { markdownTable, paragraphs, whole } from './markdown'
import { measureRecovery, type RecoveryFigures } from './recovery'

interface RecoveryOptions {
  readonly events: number
}

export const recovery: Bench<RecoveryOptions, RecoveryFigures> = {
  name: 'recovery',
  description: 'how long an edge node takes to start again with events behind its last checkpoint',
  options: (command: Command) =>
    command.option('--events <n>', 'events in the log behind the checkpoint', Number, 1_000_000),
  measure: ({ events }, say) => measureRecovery(events, say),
  render: ({ events, logBytes, startMs, emptyStartMs }) => ({
    markdown: paragraphs(
      '# Recovery',
      'An edge node is killed with SIGKILL and started again; the time counts from the start of the process until it accepts events.',
      markdownTable(
        ['log behind the checkpoint', 'MiB', 'start ms'],
        [
          ['empty', '0', whole(emptyStartMs)],
          [`${whole(events)} events`, whole(logBytes / 2 ** 20), whole(startMs)],
        ],
      ),
    ),
    plots: [],
    mustHold: [],
  }),
}
