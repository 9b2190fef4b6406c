import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'

/** Makes folders that are gone when the test file is through. Called at the top of a test file. */
export function temporaryFolders(): () => Promise<string> {
  const made: string[] = []
  afterAll(async () => {
    for (const folder of made) await rm(folder, { recursive: true, force: true })
  })
  return async () => {
    const parent = await mkdtemp(join(tmpdir(), 'spillway-test-'))
    made.push(parent)
    const folder = join(parent, 'data') // with room beside it, as for the mark of a log
    await mkdir(folder, { mode: 0o700 })
    return folder
  }
}
