import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'

const ROOT = join(__dirname, '../../..')
const TSC = join(ROOT, 'node_modules/.bin/tsc')

/** A file of a user's, with all that the lines below name. */
const fileOf = (
  lines: string,
) => `import { count, distinct, type EventOf, max, mean, min, pipeline, quantile, type RowOf, sum, tumbling } from 'spillway'
import { createClient } from 'spillway/client'
import { run } from 'spillway/testing'
import * as z from 'zod/mini'
import * as zod from 'zod'

interface Bid { auction: string; price: number; tip?: number; at: string }
const bid = z.object({ auction: z.string(), price: z.number(), tip: z.optional(z.number()), at: z.string() })
const base = { name: 'bids', event: bid, window: tumbling('10s') }
const stated = { name: 'bids', window: tumbling('10s'), key: 'auction', timestamp: 'at' } as const
const bids = pipeline<Bid>()({ ...stated, aggregates: { n: count(), total: sum('price'), low: min('price'), top: max('price'), usual: mean('tip'), p99: quantile('price', 0.99), auctions: distinct('auction') } })
void [count, distinct, max, mean, min, quantile, sum, createClient, run, z, zod, base, bids]
${lines}
export {}
`
const pipelineWith = (options: string) => fileOf(`pipeline(${options})`)
/** Two types are the same, and not just one of them a part of the other. */
const SAME = 'type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false'

/** What is written, and the message that the compiler has to give for it; null: it compiles. */
const WRITTEN: Readonly<Record<string, readonly [options: string, message: string | null]>> = {
  fits: [
    `{ ...base, key: 'auction', timestamp: 'at', aggregates: { n: count(), total: sum('price'), all: distinct('auction') } }`,
    null,
  ],
  'may-be-absent': [`{ ...base, key: 'auction', timestamp: 'at', aggregates: { tips: sum('tip') } }`, null],
  'wrong-name': [
    `{ ...base, key: 'auction', timestamp: 'at', aggregates: { total: sum('prize') } }`,
    'the event has no field \\"prize\\"; it has: ',
  ],
  'text-in-a-sum': [
    `{ ...base, key: 'auction', timestamp: 'at', aggregates: { total: sum('auction') } }`,
    'the field \\"auction\\" of the event has a type that this aggregate does not take',
  ],
  'wrong-key': [`{ ...base, key: 'action', timestamp: 'at', aggregates: { n: count() } }`, '"action"'],
  'wrong-timestamp': [`{ ...base, key: 'auction', timestamp: 'ad', aggregates: { n: count() } }`, '"ad"'],
  'field-of-what-map-returns': [
    `{ ...base, key: 'shop', timestamp: 'at', map: (bid) => ({ shop: bid.auction, cents: bid.price * 100 }), aggregates: { total: sum('cents') } }`,
    null,
  ],
  'field-that-map-dropped': [
    `{ ...base, key: 'shop', timestamp: 'at', map: (bid) => ({ shop: bid.auction }), aggregates: { total: mean('price') } }`,
    'the event has no field \\"price\\"; it has: shop',
  ],
  'wrong-key-after-map': [
    `{ ...base, key: 'auction', timestamp: 'at', map: async (bid) => [{ shop: bid.auction }], aggregates: { n: count() } }`,
    'the event has no field \\"auction\\"; it has: shop',
  ],
  'key-function-after-map': [
    `{ ...base, timestamp: 'at', map: (bid) => ({ shop: bid.auction }), key: (bid) => bid.shop, aggregates: { n: count() } }`,
    null,
  ],
  'key-function-before-map': [
    `{ ...base, timestamp: 'at', key: (bid) => bid.shop, map: (bid) => ({ shop: bid.auction }), aggregates: { n: count() } }`,
    "Property 'shop' does not exist", // the compiler infers the options in the order in which they stand
  ],
  'zod-itself': [
    `{ ...base, event: zod.object({ a: zod.string(), t: zod.coerce.date(), n: zod.coerce.number() }), key: 'a', timestamp: (event) => event.t.getTime(), aggregates: { total: sum('n') } }`,
    null,
  ],
  'text-in-a-sum-of-zod': [
    `{ ...base, event: zod.object({ a: zod.string(), at: zod.string() }), key: 'a', timestamp: 'at', aggregates: { total: sum('a') } }`,
    'the field \\"a\\" of the event has a type that this aggregate does not take',
  ],
  'nothing-is-known': [
    `{ name: 'bids', window: tumbling('10s'), key: 'a', timestamp: 't', aggregates: { total: sum('x') } }`,
    null,
  ],
}

/** The same for a whole file. */
const FILES: Readonly<Record<string, readonly [lines: string, message: string | null]>> = {
  'stated-type': [`pipeline<Bid>()({ ...stated, aggregates: { total: sum('price'), tips: mean('tip') } })`, null],
  'stated-type-and-map': [
    `pipeline<Bid>()({ ...stated, map: async (bid) => ({ ...bid, cents: bid.price * 100 }), aggregates: { total: sum('cents') } })`,
    null,
  ],
  'wrong-name-of-a-stated-type': [
    `pipeline<Bid>()({ ...stated, aggregates: { total: sum('prize') } })`,
    'the event has no field \\"prize\\"; it has: ',
  ],
  'wrong-key-of-a-stated-type': [
    `pipeline<Bid>()({ ...stated, key: 'action', aggregates: { n: count() } })`,
    '"action"',
  ],
  'rows-and-events': [
    `${SAME}
    type Row = RowOf<typeof bids>
    const isRow: Same<Row[keyof Omit<Row, 'key'>], number> = true
    const hasKey: Same<Row['key'], string> = true
    const isEvent: Same<EventOf<typeof bids>, Bid> = true
    void [isRow, hasKey, isEvent]`,
    null,
  ],
  'rows-of-a-run': [
    `async function test() {
      const { windows } = await run(bids, [])
      const total: number | undefined = windows[0]?.rows[0]?.total
      return total
    }
    void test`,
    null,
  ],
  'wrong-row-of-a-run': [
    `async function test() { return (await run(bids, [])).windows[0]!.rows[0]!.sum }
    void test`,
    "Property 'sum' does not exist",
  ],
  'rows-of-a-client': [
    `async function read() {
      for await (const { rows } of createClient<typeof bids>({ url: '' }).windows()) for (const row of rows) row.p99.toFixed(row.n)
      const window = await createClient({ url: '', pipeline: bids }).window({ start: 0 })
      return window?.rows.map(({ auctions }) => auctions + 1)
    }
    void read`,
    null,
  ],
  'wrong-row-of-a-client': [
    `async function read() {
      for await (const { rows } of createClient<typeof bids>({ url: '' }).windows()) rows[0]!.sum
    }
    void read`,
    "Property 'sum' does not exist",
  ],
}
const ALL = {
  ...Object.fromEntries(
    Object.entries(WRITTEN).map(([name, [options, message]]) => [name, [pipelineWith(options), message] as const]),
  ),
  ...Object.fromEntries(
    Object.entries(FILES).map(([name, [lines, message]]) => [name, [fileOf(lines), message] as const]),
  ),
}

let said: string
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(ROOT, '.types-'))
  for (const [name, [text]] of Object.entries(ALL)) writeFileSync(join(folder, `${name}.ts`), text)
  const config = { extends: join(ROOT, 'tsconfig.json'), include: ['*.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  said = await new Promise((resolve) =>
    execFile(TSC, ['-p', folder, '--pretty', 'false'], (_, stdout) => resolve(stdout)),
  )
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(Object.entries(ALL))('the types: %s', (name, [, message]) => {
  const about = said.split(/^(?=\S+\.ts\()/m).filter((one) => one.includes(`/${name}.ts(`))
  if (message === null) expect(about).toEqual([])
  else expect(about.join('')).toContain(message)
})
