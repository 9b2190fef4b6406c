/** `npm run test:flink`: the tests of the Java part. A machine without Java skips them, and says so. */
import { Command } from 'commander'
import { withFlags } from '../scripts/command-line/ask'
import { MODULE } from '../scripts/flink/job-jar'
import { runMaven } from '../scripts/processes/java/maven'
import { missingJava } from '../scripts/processes/java/toolchain'

const command = () =>
  new Command('npm run test:flink --')
    .description('Runs the tests of the Java part; without Java it says that they are skipped.')
    .allowExcessArguments(false)

async function main(): Promise<number> {
  const missing = missingJava()
  if (missing !== null) {
    console.log(`SKIPPED: the tests in flink/ need Java: ${missing}.`)
    return 0
  }
  const startMs = performance.now()
  await runMaven(MODULE, ['test'], (text) => console.log(text))
  console.log(`The tests of flink/ pass, after ${Math.round((performance.now() - startMs) / 1000)} s.`)
  return 0
}

withFlags(command(), process.argv.slice(2), main)
  .catch((error: Error) => {
    console.error(error.message)
    return 1
  })
  .then((code) => process.exit(code))
