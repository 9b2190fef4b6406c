import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'

const ROOT = join(__dirname, '../../..')
const TSC = join(ROOT, 'node_modules/.bin/tsc')

const pipelineWith = (options: string) => `import { count } from '../core/aggregates/count'
import { distinct } from '../core/aggregates/distinct'
import { mean } from '../core/aggregates/mean'
import { sum } from '../core/aggregates/sum'
import { pipeline } from '../core/pipeline/pipeline'
import { tumbling } from '../core/pipeline/window'
import * as z from 'zod/mini'

const bid = z.object({ auction: z.string(), price: z.number(), tip: z.optional(z.number()), at: z.string() })
const base = { name: 'bids', event: bid, window: tumbling('10s') }
void [count, distinct, mean, sum, z, base]
export default pipeline(${options})
`

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
  'nothing-is-known': [
    `{ name: 'bids', window: tumbling('10s'), key: 'a', timestamp: 't', aggregates: { total: sum('x') } }`,
    null,
  ],
}

let said: string
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(ROOT, '.types-'))
  for (const [name, [options]] of Object.entries(WRITTEN)) {
    writeFileSync(join(folder, `${name}.ts`), pipelineWith(options))
  }
  const config = { extends: join(ROOT, 'tsconfig.json'), include: ['*.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  said = await new Promise((resolve) =>
    execFile(TSC, ['-p', folder, '--pretty', 'false'], (_, stdout) => resolve(stdout)),
  )
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(Object.entries(WRITTEN))('a pipeline: %s', (name, [, message]) => {
  const about = said.split(/^(?=\S+\.ts\()/m).filter((one) => one.includes(`${name}.ts(`))
  if (message === null) expect(about).toEqual([])
  else expect(about.join('')).toContain(message)
})
