import { describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { CloudUnread } from '../../../cloud/cloud-unread'
import { knownDeployment } from '../../../edge-node/burst/known-deployment'
import { temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()
const logger = pino({ level: 'silent' })
const found = {
  deployment: { stream: 's', partialsTable: 'p', resultsTable: 'r', burstFunction: 'b', mergeFunction: 'm' },
  lanes: { shards: 2, parallelization: 4, consumer: 'fan-out' as const },
}
const away = async () => {
  throw new CloudUnread('cloud_unreachable', 'no answer')
}

describe('a node whose cloud is away', () => {
  test('starts with what it knew of the same stack', async () => {
    const folder = await newFolder()
    await knownDeployment(folder, 'stack', async () => found, logger)
    expect(await knownDeployment(folder, 'stack', away, logger)).toEqual({ stack: 'stack', ...found })
  })

  test('does not start on what it knew of another stack, or on nothing', async () => {
    const folder = await newFolder()
    await expect(knownDeployment(folder, 'stack', away, logger)).rejects.toThrow('no answer')
    await knownDeployment(folder, 'stack', async () => found, logger)
    await expect(knownDeployment(folder, 'other', away, logger)).rejects.toThrow('no answer')
  })

  test('learns anew as soon as the cloud can be read', async () => {
    const folder = await newFolder()
    await knownDeployment(folder, 'stack', async () => found, logger)
    const wider = { ...found, lanes: { ...found.lanes, shards: 4 } }
    await knownDeployment(folder, 'stack', async () => wider, logger)
    expect((await knownDeployment(folder, 'stack', away, logger)).lanes).toEqual(wider.lanes)
  })
})
