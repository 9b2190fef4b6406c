import { spawnSync } from 'node:child_process'

const LEAST_JAVA = 17

/** What Flink and Kafka need is not on this machine. Retry when it is installed. */
export class NoJava extends Error {
  readonly code = 'no_java'
  readonly retryable = false
}

/** Throws NoJava, with what to install, unless there are a JDK and Maven. */
export function ensureJava(): void {
  const missing = missingJava()
  if (missing !== null) throw new NoJava(missing)
}

/** What is missing and how to get it, in a sentence; null when Java programs can be built and run. */
export function missingJava(): string | null {
  const java = versionText('javac', '-version')
  const maven = versionText('mvn', '-v')
  const [, major = '0'] = /(\d+)/.exec(java ?? '') ?? []
  const lacks = [
    ...(Number(major) < LEAST_JAVA
      ? [java === null ? `a JDK (${LEAST_JAVA} or later)` : `a JDK from ${LEAST_JAVA} on`]
      : []),
    ...(maven === null ? ['Maven (3.8 or later)'] : []),
  ]
  if (lacks.length === 0) return null
  const install =
    'on Debian or Ubuntu: apt-get install openjdk-17-jdk-headless maven; on macOS: brew install openjdk maven'
  return `${lacks.join(' and ')} cannot be found on the PATH; install it (${install})`
}

function versionText(command: string, flag: string): string | null {
  const { error, stdout, stderr } = spawnSync(command, [flag], { encoding: 'utf8' })
  return error === undefined ? `${stdout}${stderr}` : null
}
