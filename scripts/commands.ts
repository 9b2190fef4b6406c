import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isPackaged } from '../program/own-process'
import { usageText } from './command-line/ask'
import { WRONG_USAGE } from './command-line/exit-codes'
import { type Output, TERMINAL } from './command-line/output'

/** Runs a command with the arguments after its name. Resolves to the exit code when the process may end. */
export type Main = (args: readonly string[], output?: Output) => Promise<number>

/** The parts of the overview, in its order. */
export const GROUPS = [
  'Run it',
  'Feed and check it',
  'Plan',
  'Operate',
  'Apache Flink',
  'The repository of Spillway',
] as const

export interface ListedCommand {
  readonly name: string
  readonly group: (typeof GROUPS)[number]
  /** One line of the overview. */
  readonly summary: string
  /** Loads it when it is asked for: the overview needs none of them. */
  readonly load: () => Promise<Main>
}

const listed = (
  group: ListedCommand['group'],
  name: string,
  summary: string,
  load: ListedCommand['load'],
): ListedCommand => ({ name, group, summary, load })

/** All commands of `spillway`. */
export const COMMANDS: readonly ListedCommand[] = [
  listed('Run it', 'init', 'make a project: a pipeline, its test, its settings, what deploys it', async () => {
    return (await import('./init/command')).main
  }),
  listed('Run it', 'dev', 'run this project: local cloud, node, dashboard; reload what is saved', async () => {
    return (await import('./dev/command')).main
  }),
  listed(
    'Run it',
    'start',
    'see a spike burst on this machine, checked to the last bit',
    ofRepository('in a project, spillway dev shows its own', async () => {
      return (await import('./start/command')).main
    }),
  ),
  listed('Run it', 'edge', 'the edge node: takes events, computes windows, bursts the excess', async () => {
    return (await import('../edge-node/main')).main
  }),
  listed('Run it', 'cloud', 'the embedded cloud: what a node needs of AWS, on this machine', async () => {
    return (await import('../localstack/embedded/main')).main
  }),
  listed('Feed and check it', 'load', 'send generated, recorded or your own events at a given rate', async () => {
    return (await import('./load/command')).main
  }),
  listed('Feed and check it', 'verify', 'compute every window again and compare it with what is served', async () => {
    return (await import('./verify/command')).main
  }),
  listed(
    'Feed and check it',
    'chaos',
    'kill, pause and cut off parts under load, and check the results',
    ofRepository('in a project, stop and start its node under spillway load', async () => {
      return (await import('./chaos/command')).main
    }),
  ),
  listed('Plan', 'simulate', 'replay a rate trace against a model of edge and cloud', async () => {
    return (await import('./simulate/command')).main
  }),
  listed('Plan', 'plan', 'find the cheapest base machine and way to burst for a trace', async () => {
    return (await import('./simulate/command')).plan
  }),
  listed('Plan', 'advise', 'watch a running job, and say what bursting would have changed', async () => {
    return (await import('./advise/command')).main
  }),
  listed('Operate', 'check', 'look at all that a start of the edge node needs; changes nothing', async () => {
    return (await import('../edge-node/main')).check
  }),
  listed('Operate', 'check-data', 'read the data folder of a stopped node, and say what is sound', async () => {
    return (await import('./check-data/command')).main
  }),
  listed('Operate', 'replay', 'give dead letters another try', async () => {
    return (await import('./replay/command')).main
  }),
  listed('Operate', 'package', 'make the deployment package of the functions', async () => {
    return (await import('./package/command')).main
  }),
  listed(
    'Apache Flink',
    'flink',
    'see a spike burst from a Flink job on this machine, checked',
    ofRepository('it builds the job from its Java sources', async () => {
      return (await import('./flink/command')).main
    }),
  ),
  listed(
    'Apache Flink',
    'flink-package',
    'make the jar of the job, for a cluster that is there',
    ofRepository('it builds the job from its Java sources', async () => {
      return (await import('./flink/package-command')).main
    }),
  ),
  listed(
    'Apache Flink',
    'kafka',
    'a Kafka broker on this machine',
    ofRepository('it gets the broker as a build of Maven there', async () => {
      return (await import('./kafka/command')).main
    }),
  ),
  listed('Apache Flink', 'sidecar', 'the process beside a TaskManager that folds for the job', async () => {
    return (await import('../flink/sidecar/main')).main
  }),
  listed('Apache Flink', 'controller', 'decides for all sidecars of a job when to burst', async () => {
    return (await import('../flink/controller/main')).main
  }),
  listed('The repository of Spillway', 'bench', 'measure Spillway itself', async () => benchIn(LABORATORY)),
]

/**
 * A command that works on what only the repository has: its examples, its Java sources. From the package it says so, and
 * what there is instead.
 */
function ofRepository(instead: string, load: ListedCommand['load']): ListedCommand['load'] {
  if (!isPackaged) return load
  return async () => refusing(`this command needs the repository of Spillway; ${instead}`)
}

const refusing =
  (what: string): Main =>
  async (_args, output = TERMINAL) => {
    output.err(usageText(what, 'spillway'))
    return WRONG_USAGE
  }

const LABORATORY = join(__dirname, '../lab')

/**
 * The benchmarks of a laboratory, by a path that no import names: it is not in the package, and what users run knows
 * nothing of it. Where there is none the command says what it needs.
 */
export function benchIn(laboratory: string): Main {
  const file = join(laboratory, 'bench/command.ts')
  if (existsSync(file)) return (createRequire(__filename)(file) as { readonly main: Main }).main
  return refusing('spillway bench measures Spillway itself: run it in a clone of its repository')
}
