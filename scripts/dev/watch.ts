import { watch } from 'node:fs'
import { sep } from 'node:path'

const SETTLE_MS = 200 // an editor writes a file in several steps

/** Whether a change of this file of a project can change what it computes, or how its node is set. */
export function concernsNode(path: string): boolean {
  const [first = ''] = path.split(sep)
  if (first.startsWith('.') || ['node_modules', 'test', 'dist', 'coverage'].includes(first)) return false
  return /\.([cm]?[jt]s|ya?ml|json)$/.test(path) && !path.endsWith('package-lock.json')
}

/** Calls `onChange` once for each burst of changes in a project; never while the call before is at work. Returns its end. */
export function watchProject(
  project: string,
  onChange: (path: string) => Promise<void>,
  onError: (error: Error) => void = () => undefined,
): () => void {
  let timer: NodeJS.Timeout | undefined
  let isAtWork = false
  let waiting: string | null = null
  const run = async (path: string) => {
    isAtWork = true
    await onChange(path).finally(() => {
      isAtWork = false
    })
    if (waiting !== null) settle(waiting)
  }
  const settle = (path: string) => {
    waiting = path
    clearTimeout(timer)
    if (isAtWork) return
    timer = setTimeout(() => {
      waiting = null
      void run(path)
    }, SETTLE_MS)
  }
  const watcher = watch(project, { recursive: true }, (_, path) => {
    if (path !== null && concernsNode(path)) settle(path)
  })
  watcher.on('error', onError) // such as too many folders for the system: what runs goes on, and is not reloaded
  return () => {
    clearTimeout(timer)
    watcher.close()
  }
}
