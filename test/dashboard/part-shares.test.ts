import { expect, test } from '@jest/globals'
import { partShares } from '../../dashboard/src/part-shares'

const part = (name: string, p50: number) => ({ part: name, inWords: name, p50, p99: 2 * p50, max: 3 * p50 })

test('each part of the time of an envelope has its share of the usual time', () => {
  const shares = partShares([part('linger', 50), part('lane', 150), part('put', 0)])
  expect(shares.map(({ part, share }) => [part, share])).toEqual([
    ['linger', 0.25],
    ['lane', 0.75],
    ['put', 0],
  ])
})

test('there are no shares while nothing has come back from the cloud', () => {
  expect(partShares([part('linger', 0), part('lane', 0)])).toEqual([])
})
