import { describe, expect, test } from '@jest/globals'
import { machineTimers } from '../../cloud/timers'
import { envelopes, manifestOf, mergeFunction } from './merge-setup'

const all = [...envelopes]

describe('a merge for which the function has too little time', () => {
  test('says so before the function is killed, and leaves no candidate', async () => {
    const cloud = mergeFunction()
    await cloud.burst(...all)
    let reads = 0
    const getRemainingTimeInMillis = () => 60_000 - 15_000 * reads++
    await expect(cloud.merge(manifestOf(all, all, null), { getRemainingTimeInMillis })).rejects.toMatchObject({
      name: 'OutOfTime',
      code: 'out_of_time',
      retryable: true,
    })
    expect(await cloud.candidate()).toBeNull()
    expect(await cloud.merge(manifestOf(all, all, null))).toMatchObject({ status: 'merged' })
  })

  test('does not wait for a table that gives no answer', async () => {
    const cloud = mergeFunction({ timers: machineTimers })
    await cloud.burst(...all)
    cloud.partialItems.getAll = () => new Promise<never>(() => {})
    const endMs = performance.now() + 200
    const time = { getRemainingTimeInMillis: () => endMs - performance.now() }
    await expect(cloud.merge(manifestOf(all, all, null), time)).rejects.toMatchObject({ code: 'out_of_time' })
  })
})

describe('a call with something else than a merge', () => {
  test.each([
    ['nothing', null],
    ['an empty object', {}],
    ['a manifest without envelopes', { ...manifestOf(all, all, null), burst: undefined }],
  ])('%s: says what is expected', async (_, request) => {
    await expect(mergeFunction().merge(request as never)).rejects.toMatchObject({
      name: 'NotAMerge',
      code: 'not_a_merge',
      retryable: false,
      message: expect.stringContaining('manifest'),
    })
  })
})
