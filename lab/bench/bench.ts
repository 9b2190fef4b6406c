import type { Command } from 'commander'
import { integer } from '../../scripts/command-line/flags'
import type { MustHold } from '../../scripts/command-line/must-hold'

/** Reads the seed of the events, which most of them take. */
export const SEED = integer(0, 2 ** 32 - 1)

/** One benchmark: what it measures is plain data, from which everything that people read can be made again. */
export interface Bench<Options, Figures> {
  readonly name: string
  readonly description: string
  /** Adds its own options to its command. */
  options(command: Command): Command
  /** Runs real processes; says how far it is. */
  measure(options: Options, say: (text: string) => void): Promise<Figures>
  render(figures: Figures): Rendering
}

/** What is written beside the figures. */
export interface Rendering {
  /** A title, tables, and what a reader has to know. */
  readonly markdown: string
  readonly plots: readonly Plot[]
  readonly mustHold: readonly MustHold[]
}

/** An SVG image; its file is called after the benchmark and this name. */
export interface Plot {
  readonly name: string
  readonly svg: string
}
