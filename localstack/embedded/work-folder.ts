import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isRunning } from '../process'

/** A new temporary folder of this process. Removes the folders of earlier clouds that were killed before they could. */
export async function makeWorkFolder(): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = /^spillway-cloud-(\d+)-/.exec(name) ?? []
    if (pid !== undefined && !isRunning(Number(pid)))
      await rm(path.join(tmpdir(), name), { recursive: true, force: true })
  }
  return mkdtemp(path.join(tmpdir(), `spillway-cloud-${process.pid}-`))
}
