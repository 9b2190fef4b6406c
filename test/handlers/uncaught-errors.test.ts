import { describe, expect, test } from '@jest/globals'
import { LeftBehind, UncaughtErrors } from '../../handlers/uncaught-errors'
import { envelopeOf } from '../cloud/sample-envelopes'
import { batchOf, burstFunction } from './burst-setup'

const never = () => new Promise<never>(() => {})

describe('an error that nobody catches', () => {
  test('ends the work that is going on, with what was left behind', async () => {
    const errors = new UncaughtErrors(() => undefined)
    const work = errors.during(never)
    errors.hear(new Error('forgotten'))
    await expect(work).rejects.toThrow(new LeftBehind(new Error('forgotten')))
  })

  test('is still told of in the turn after the work is done', async () => {
    const errors = new UncaughtErrors(() => undefined)
    const work = errors.during(async () => 'done')
    await null
    errors.hear('late')
    await expect(work).rejects.toThrow('map left an error behind: late')
  })

  test('is nobody’s when nothing is at work', async () => {
    const idle: unknown[] = []
    const errors = new UncaughtErrors((error) => idle.push(error))
    expect(await errors.during(async () => 'done')).toBe('done')
    errors.hear('later')
    expect(idle).toEqual(['later'])
  })

  test('has the envelope refused, and the rest of the batch goes on', async () => {
    const uncaught = new UncaughtErrors(() => undefined)
    const during = <T>(work: () => Promise<T>) => {
      const result = uncaught.during(work)
      if (isFirst) uncaught.hear(new Error('forgotten'))
      isFirst = false
      return result
    }
    let isFirst = true
    const { burst, heads, lines } = burstFunction({ uncaught: { during } })
    const envelopes = [0, 1].map((number) => envelopeOf(number, [{ k: 'a', t: 1, v: 1 }]))
    expect(await burst(batchOf(...envelopes))).toEqual({ batchItemFailures: [] })
    const found = await heads(0, 1)
    expect(found.get(0)).toMatchObject({ kind: 'refused', code: 'map_killed', digest: envelopes[0]!.digest })
    expect(found.get(1)).toMatchObject({ kind: 'done' })
    expect(JSON.stringify(lines)).not.toContain('forgotten') // it may quote an event
  })
})
