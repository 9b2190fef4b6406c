import { describe, expect, test } from '@jest/globals'
import type { Orders } from '../../../core/control/job/orders'
import type { SidecarClient } from '../../../flink/sidecar/client'
import { decodeFacts, encodeOrders } from '../../../flink/sidecar/controller-messages'
import { decodeAdmitted, decodeFolded, encodeAdmit, encodeFold, KIND } from '../../../flink/sidecar/messages'
import { event } from '../../support/fixture'
import { runningSidecars } from './running-sidecar'

const start = runningSidecars()
const ORDERS: Orders = {
  ...{ mode: 'auto', lanes: 4, maxUsdPerHour: 2, valveMs: null, prewarm: false, reason: 'a test' },
}

const order = (client: SidecarClient, orders: Partial<Orders>) =>
  client.ask(KIND.orders, encodeOrders({ ...ORDERS, ...orders }))
const facts = async (client: SidecarClient) => decodeFacts(await client.ask(KIND.facts))

/** Where an envelope of one event was folded. */
async function lane(client: SidecarClient, firstOffset: number): Promise<'edge' | 'burst'> {
  const records = [{ offset: firstOffset, bytes: Buffer.from(event('a', 1, 0.1)) }]
  const name = { source: 'run/topic/0', firstOffset }
  decodeAdmitted(await client.ask(KIND.admit, encodeAdmit({ ...name, records })))
  return decodeFolded(await client.ask(KIND.fold, encodeFold({ ...name, again: null }))).lane
}

describe('orders of the controller', () => {
  test('are acknowledged, and hold from then on', async () => {
    const { client } = await start({ mode: 'auto' })
    await client.hello('test')
    expect((await facts(client)).ordersAgoMs).toBeNull()
    expect((await order(client, {})).length).toBe(0)
    expect(await facts(client)).toMatchObject({ mode: 'auto', limits: { lanes: 4, maxUsdPerHour: 2 } })
    expect((await facts(client)).ordersAgoMs).not.toBeNull()
  })

  test('hold when the connection of who gave them is gone', async () => {
    const { client, connect } = await start({ mode: 'auto' })
    await client.hello('test')
    await order(client, { mode: 'always', lanes: 3 })
    client.close()
    const other = await connect()
    await other.hello('test')
    expect(await facts(other)).toMatchObject({ mode: 'always', limits: { lanes: 3 } })
    expect(await lane(other, 0)).toBe('burst')
  })

  test('say when to burst', async () => {
    const { client } = await start({ mode: 'auto' })
    await client.hello('test')
    expect(await lane(client, 0)).toBe('edge')
    await order(client, { mode: 'always' })
    expect(await lane(client, 1)).toBe('burst')
    await order(client, { mode: 'never' })
    expect(await lane(client, 2)).toBe('edge')
  })

  test('do not widen what the sidecar was started with', async () => {
    const { client } = await start({ mode: 'auto' })
    await client.hello('test')
    await order(client, { lanes: 900, maxUsdPerHour: 1_000 })
    expect((await facts(client)).limits).toEqual({ lanes: 16, maxUsdPerHour: 10 })
  })

  test('without a function to call nothing is sent', async () => {
    const { client } = await start({ mode: 'auto' })
    await client.hello('test')
    await order(client, { mode: 'always', lanes: 0 })
    expect(await lane(client, 0)).toBe('edge')
  })

  test('a sidecar without a cloud stays without one', async () => {
    const { client } = await start({ mode: 'never' })
    await client.hello('test')
    await order(client, { mode: 'always', prewarm: true })
    expect(await facts(client)).toMatchObject({ mode: 'never', canBurst: false })
    expect(await lane(client, 0)).toBe('edge')
  })

  test('start functions once, as long as something may be spent', async () => {
    const { client, prewarmed } = await start({ mode: 'auto' })
    await client.hello('test')
    await order(client, { prewarm: true, maxUsdPerHour: 0 })
    expect(prewarmed()).toBe(0)
    await order(client, { prewarm: true, lanes: 3 })
    await order(client, { prewarm: true, lanes: 3 })
    expect(prewarmed()).toBe(3)
  })

  test('that cannot be read are refused by name, and change nothing', async () => {
    const { client } = await start({ mode: 'auto' })
    await client.hello('test')
    await order(client, {})
    const broken = client.ask(KIND.orders, Buffer.from('{"mode":"sometimes"}'))
    await expect(broken).rejects.toMatchObject({ code: 'malformed_request', retryable: false })
    expect((await facts(client)).limits.lanes).toBe(4)
  })
})
