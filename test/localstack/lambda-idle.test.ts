import { expect, test } from '@jest/globals'
import { startEmbeddedCloud } from '../../localstack/embedded/start'
import { provision } from '../../localstack/provision'
import { eventually } from '../edge-node/eventually'
import { fixturePackage } from './fixture-package'

test('a process that has nothing to do is ended, and the next call starts cold', async () => {
  const cloud = await startEmbeddedCloud({ port: 0, idleTimeoutMs: 1 })
  try {
    await provision(cloud.endpoint, fixturePackage({ pid: { source: 'exports.handler = async () => process.pid' } }))
    const invoke = async () => {
      const answer = await fetch(`${cloud.endpoint}/2015-03-31/functions/pid/invocations`, {
        method: 'POST',
        body: '{}',
      })
      return answer.json()
    }
    const first = await invoke()
    await eventually(() => expect(cloud.stats().functions.pid?.instances).toBe(0))
    expect(await invoke()).not.toBe(first)
    expect(cloud.stats().functions.pid).toMatchObject({ invocations: 2, coldStarts: 2 })
  } finally {
    await cloud.stop()
  }
})
