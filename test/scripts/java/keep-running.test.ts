import { describe, expect, test } from '@jest/globals'
import { type Killable, keepRunning } from '../../../scripts/processes/java/keep-running'

/** Processes that end when they are told to, in the order in which they were started. */
function processes() {
  const started: Killable[] = []
  const start = (): Killable => {
    let end: (code: number) => void = () => undefined
    const ended = new Promise<number>((resolve) => {
      end = resolve
    })
    const process = { ended, kill: () => end(137), stop: async () => end(0) }
    started.push(process)
    return process
  }
  return { started, start }
}

const turns = () => new Promise((resolve) => setTimeout(resolve, 20))

describe('a process that is kept running', () => {
  test('is started again when it was killed', async () => {
    const { started, start } = processes()
    const kept = keepRunning('thing', start, () => undefined)
    kept.kill()
    await turns()
    expect(started).toHaveLength(2)
    await kept.stop()
  })

  test('stays away for good when it is killed for good, and says so', async () => {
    const { started, start } = processes()
    const said: string[] = []
    keepRunning('thing', start, (text) => said.push(text)).kill(Number.POSITIVE_INFINITY)
    await turns()
    expect(started).toHaveLength(1)
    expect(said).toEqual(['   the thing has ended, and stays away'])
  })

  test('is not started again once it was stopped, also while it was away', async () => {
    const { started, start } = processes()
    const kept = keepRunning('thing', start, () => undefined)
    kept.kill(5)
    await kept.stop()
    await turns()
    expect(started).toHaveLength(1)
  })
})
