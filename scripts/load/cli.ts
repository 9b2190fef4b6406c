import type { Command } from 'commander'
import { type Asked, ask } from '../command-line/ask'
import { newCommand } from '../command-line/new-command'
import { loadFlags } from './cli-options'
import type { LoadOptions } from './options'
import { DEFAULT_S } from './schedule/open-schedule'
import { type ProfileFlags, profileFrom } from './schedule/profile-flags'

/** What the command line asks for. */
export interface LoadRun {
  readonly kind: 'run'
  readonly options: LoadOptions
  /** Where the report goes as well; null: nowhere. */
  readonly reportFile: string | null
  /** Print the report as JSON, and not in words. */
  readonly isJson: boolean
  readonly isQuiet: boolean
}

interface Flags extends ProfileFlags {
  url: string
  token?: string
  pipeline: LoadOptions['pipeline']
  seconds?: number
  seed: number
  keys: number
  zipf: number
  poison: number
  disorderMs: number
  file?: string
  sample?: string
  timeField: string
  batch: number
  connections: number
  timeoutSeconds: number
  drainSeconds: number
  giveUpSeconds: number
  runId?: string
  accepted?: string
  report?: string
  json?: true
  quiet?: true
}

/** Reads the arguments after the command's name. */
export const parseLoadArguments = (args: readonly string[]): Asked<LoadRun> => ask(loadCommand(), args, runFrom)

function runFrom(flags: Flags): LoadRun {
  const { url, pipeline, seed, keys, zipf, poison, disorderMs, batch, connections } = flags
  return {
    kind: 'run',
    options: {
      ...{ url, pipeline, seed, keys, zipf, poison, disorderMs, batch, connections },
      token: flags.token,
      profile: profileFrom(flags, flags.seconds ?? DEFAULT_S),
      seconds: flags.seconds ?? null,
      eventFile: flags.file ?? null,
      sampleFile: flags.sample ?? null,
      timeField: flags.timeField,
      timeoutMs: flags.timeoutSeconds * 1000,
      drainMs: flags.drainSeconds * 1000,
      giveUpMs: flags.giveUpSeconds * 1000,
      runId: flags.runId ?? null,
      acceptedFile: flags.accepted ?? null,
    },
    reportFile: flags.report ?? null,
    isJson: flags.json ?? false,
    isQuiet: flags.quiet ?? false,
  }
}

function loadCommand(): Command {
  const command = newCommand({
    name: 'load',
    about: 'Sends events to an edge node in an open loop: a slow server does not slow the schedule down.',
    notes: NOTES,
    examples: [
      'spillway load --rate 500 --seconds 30 --accepted accepted.ndjson',
      'spillway load --profile spike --rate 800 --peak 6000 --seconds 15 --spike-seconds 5',
      'spillway load --rate 100 --seconds 5 --quiet --json',
    ],
    exits: {
      done: 'every event has its answer',
      not: 'some events failed or stayed without an answer',
      wrong: 'a file that is none, or nothing answers',
      interrupted: true,
    },
  })
  for (const option of loadFlags()) command.addOption(option)
  return command
}

const NOTES = `Latency counts from each event's intended time to the answer that takes it, refusals and retries included.
Batches go out in schedule order; one that is refused (429, 5xx, lost connection) is sent again under the same
idempotency key until its answer is definite, and later ones wait behind it.
Ctrl-C ends the schedule, waits for the answers in flight and writes the report; a second one gives up at once.`
