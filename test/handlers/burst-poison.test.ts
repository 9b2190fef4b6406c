import { describe, expect, test } from '@jest/globals'
import { machineTimers } from '../../cloud/timers'
import { envelopeOf, type SampleEvent, samplePipeline } from '../cloud/sample-envelopes'
import { batchOf, burstFunction } from './burst-setup'

const hanging = { ...samplePipeline(), mapTimeoutMs: 20 }
const sample = samplePipeline()
hanging.map = (event: SampleEvent, context) =>
  event.text === 'hang' ? new Promise<never>(() => {}) : sample.map!(event, context)

const envelope = envelopeOf(4, [
  { k: 'a', t: 1, v: 1 },
  { k: 'a', t: 2, v: 2, text: 'hang' },
  { k: 'a', t: 3, v: -1 },
  { k: 'a', t: 4, v: 4 },
])

describe('an event whose map hangs', () => {
  test('is a dead letter in the head of its envelope, beside one whose map throws; the rest is counted', async () => {
    const { burst, heads } = burstFunction({ timers: machineTimers, pipelines: new Map([[hanging.name, hanging]]) })
    expect(await burst(batchOf(envelope))).toEqual({ batchItemFailures: [] })
    expect((await heads(4)).get(4)).toMatchObject({
      kind: 'done',
      deadLetters: [
        { offset: 4_001, code: 'map_timeout', reason: 'map gave no answer within 20 ms' },
        { offset: 4_002, code: 'map_failed' },
      ],
      panes: [{ folded: [2, expect.any(String)], dead: [2, expect.any(String)] }],
    })
  })

  test('does not hold up the envelopes after it in the batch', async () => {
    const { burst, heads } = burstFunction({ timers: machineTimers, pipelines: new Map([[hanging.name, hanging]]) })
    await burst(batchOf(envelope, envelopeOf(5, [{ k: 'a', t: 1, v: 1 }])))
    expect([...(await heads(4, 5)).keys()]).toEqual([4, 5])
  })
})
