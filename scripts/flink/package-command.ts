/** `npm run flink:package`: the job as a jar, for a cluster that is there already. */
import path from 'node:path'
import { ensureJava, takesNoOptions } from '../processes/java/toolchain'
import { JOB_JAR, packageJob } from './job-jar'

async function main(): Promise<void> {
  if (!takesNoOptions('flink:package', 'Packages the Flink job as a jar, for a cluster that is there already.')) return
  ensureJava()
  await packageJob((text) => console.log(text))
  console.log(`${path.relative(process.cwd(), JOB_JAR)} is the job; docs/how-to/run-on-flink.md says how to submit it.`)
}

main().catch((error: Error) => {
  console.error(`The job cannot be packaged: ${error.message}`)
  process.exitCode = 1
})
