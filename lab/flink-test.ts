/** `npm run test:flink`: the tests of the Java part. A machine without Java skips them, and says so. */
import { MODULE } from '../scripts/flink/job-jar'
import { runMaven } from '../scripts/processes/java/maven'
import { missingJava, takesNoOptions } from '../scripts/processes/java/toolchain'

async function main(): Promise<void> {
  if (!takesNoOptions('test:flink', 'Runs the tests of the Java part; without Java it says that they are skipped.'))
    return
  const missing = missingJava()
  if (missing !== null) {
    console.log(`SKIPPED: the tests in flink/ need Java: ${missing}.`)
    return
  }
  const startMs = performance.now()
  await runMaven(MODULE, ['test'], (text) => console.log(text))
  console.log(`The tests of flink/ pass, after ${Math.round((performance.now() - startMs) / 1000)} s.`)
}

main().catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})
