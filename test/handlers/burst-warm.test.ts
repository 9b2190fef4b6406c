import { describe, expect, test } from '@jest/globals'
import type { BurstEvent } from '../../cloud/burst-function'
import type { createBurstHandler } from '../../handlers/burst'
import { burstFunction } from './burst-setup'

const NOTHING = { batchItemFailures: [] }

/** A burst function whose waits end at once, and how long they were to be, in ms. */
function warmed() {
  const waitsMs: number[] = []
  const timers = {
    after: (delayMs: number, fire: () => void) => {
      waitsMs.push(delayMs)
      fire()
      return () => {}
    },
  }
  const { burst, items } = burstFunction({ timers })
  return { burst: burst as (event: BurstEvent) => ReturnType<ReturnType<typeof createBurstHandler>>, items, waitsMs }
}

describe('a call without records', () => {
  test('is done at once', async () => {
    const { burst, waitsMs, items } = warmed()
    expect(await burst({ Records: [] })).toEqual(NOTHING)
    expect(waitsMs).toEqual([])
    expect(items.written).toEqual([])
  })

  test.each([
    [50, 50],
    [60_000, 1_000],
  ])('that is to last %s ms lasts %s ms', async (holdMs, lastsMs) => {
    const { burst, waitsMs } = warmed()
    expect(await burst({ Records: [], holdMs })).toEqual(NOTHING)
    expect(waitsMs).toEqual([lastsMs])
  })
})
