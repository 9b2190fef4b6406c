import { LOCAL_ENV, type Stoppable, startChild } from '../processes/child'

export interface ControllerOptions {
  /** Of the JobManager's REST API. */
  readonly flink: string
  /** As the job knows it. */
  readonly sidecar: string
  readonly pipeline: string
  readonly mode: string
}

/** Starts the controller of the job on a free port, adds it to `children` and returns its address. */
export async function startController(
  { flink, sidecar, pipeline, mode }: ControllerOptions,
  children: Stoppable[],
): Promise<string> {
  const named = ['--flink', flink, '--sidecars', sidecar, '--pipeline', pipeline]
  const settings = ['--mode', mode, '--port', '0', '--log-level', 'warn']
  const child = startChild('flink/controller/main.ts', [...named, ...settings], LOCAL_ENV)
  children.push(child)
  return (await child.ready<{ url: string }>()).url
}
