/** `spillway flink-package`: the job as a jar, for a cluster that is there already. */
import path from 'node:path'
import { withFlags } from '../command-line/ask'
import { DONE, NOT_DONE } from '../command-line/exit-codes'
import { newCommand } from '../command-line/new-command'
import { type Output, TERMINAL } from '../command-line/output'
import { ensureJava } from '../processes/java/toolchain'
import { JOB_JAR, packageJob } from './job-jar'

const command = () =>
  newCommand({
    name: 'flink-package',
    about: 'Packages the Flink job as a jar, for a cluster that is there already.',
    notes: 'It needs a JDK (17 or later) and Maven.',
    examples: ['spillway flink-package'],
    exits: { done: 'packaged', not: 'it could not be packaged, with the reason' },
  })

/** Resolves to the exit code. */
export const main = (args: readonly string[], output: Output = TERMINAL): Promise<number> =>
  withFlags(command(), args, () => perform(output), output)

async function perform({ out, err }: Output): Promise<number> {
  try {
    ensureJava()
    await packageJob(out)
    out(`${path.relative(process.cwd(), JOB_JAR)} is the job; docs/how-to/run-on-flink.md says how to submit it.`)
    return DONE
  } catch (error) {
    err(`The job cannot be packaged: ${(error as Error).message}`)
    return NOT_DONE
  }
}
