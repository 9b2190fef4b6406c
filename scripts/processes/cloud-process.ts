import { LOCAL_ENV, type Stoppable, startChild } from './child'

export interface CloudOptions {
  /** Where functions print. */
  readonly logFile: string
  /** Params of serverless.yml, e.g. `{ parallelizationFactor: '8' }`; another value packages the functions anew. */
  readonly params?: Readonly<Record<string, string>>
  /** Invocations at the same time before Lambda answers 429. */
  readonly concurrency?: number
}

/** Starts the embedded cloud on a free port, adds it to `children` and returns its endpoint. */
export async function startCloud(
  { logFile, params = {}, concurrency }: CloudOptions,
  children: Stoppable[],
): Promise<string> {
  const given = Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`])
  const limit = concurrency === undefined ? [] : ['--concurrency', String(concurrency)]
  const args = ['--port', '0', '--log-file', logFile, ...given, ...limit]
  const child = startChild('localstack/embedded/main.ts', args, LOCAL_ENV)
  children.push(child)
  return (await child.ready<{ endpoint: string }>()).endpoint
}
