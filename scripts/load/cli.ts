import { Command } from 'commander'
import { readFlags } from '../command-line/read-flags'
import { loadFlags } from './cli-options'
import { LoadError } from './load-error'
import type { LoadOptions } from './options'
import { type ProfileFlags, profileFrom } from './schedule/profile-flags'

/** What the command line asks for. */
export interface LoadCommand {
  readonly options: LoadOptions
  /** Where the report goes; null: standard output. */
  readonly reportFile: string | null
  readonly quiet: boolean
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
  quiet?: true
}

/**
 * Reads the arguments after the script's name. Returns the help text when it was asked for. Throws `LoadError`
 * ('bad-option') naming the option and what it takes.
 */
export function parseLoadArguments(args: readonly string[]): LoadCommand | { readonly help: string } {
  const read = readFlags<Flags>(loadCommand(), args)
  switch (read.kind) {
    case 'help':
      return { help: read.text }
    case 'wrong':
      throw new LoadError('bad-option', read.message, { cause: read.cause })
    case 'flags':
      return commandFrom(read.flags)
  }
}

function commandFrom(flags: Flags): LoadCommand {
  const { url, pipeline, seed, keys, zipf, poison, disorderMs, batch, connections } = flags
  return {
    options: {
      ...{ url, pipeline, seed, keys, zipf, poison, disorderMs, batch, connections },
      token: flags.token,
      profile: profileFrom(flags),
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
    quiet: flags.quiet ?? false,
  }
}

function loadCommand(): Command {
  const command = new Command('load')
    .usage('[options]')
    .description('Sends events to an edge node in an open loop: a slow server does not slow the schedule down.')
    .helpOption('-h, --help', 'show this help')
  for (const option of loadFlags()) command.addOption(option)
  return command.addHelpText('after', AFTER)
}

const AFTER = `
Latency counts from each event's intended time to the answer that takes it, refusals and retries included.
Batches go out in schedule order; one that is refused (429, 5xx, lost connection) is sent again under the same
idempotency key until its answer is definite, and later ones wait behind it.
Ctrl-C ends the schedule, waits for the answers in flight and writes the report; a second one gives up at once.
Exit code: 0 done; 1 some events failed or stayed without an answer; 2 bad options or files, or nothing answers.`
