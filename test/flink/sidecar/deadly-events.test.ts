import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { foldEnvelope } from '../../../core/protocol/fold'
import { presentRows } from '../../../core/protocol/partial'
import { type Folding, foldingOf } from '../../../flink/sidecar/fold/folding'
import { decodeFolded, encodeAdmit, encodeFold, KIND } from '../../../flink/sidecar/messages'
import { mergePartials, unpackPartial } from '../../../flink/sidecar/windows'
import pipeline, { POISONS } from '../../e2e/poisoned-pipeline'
import { runningSidecars } from './running-sidecar'

const T0 = Date.UTC(2023, 0, 1)
const MODULE = join(__dirname, '../..', 'e2e', 'poisoned-pipeline.ts')
const AT_ONCE = POISONS.filter((poison) => poison !== 'a timer that throws')
const start = runningSidecars()
const event = (afterT0Ms: number, more = {}) => JSON.stringify({ k: 'a', t: T0 + afterT0Ms, ...more })

/** Real processes: what a `map` does to the one that runs it. */
describe('an event that ends the process which folds it, or holds it for ever', () => {
  let folding: Folding | undefined
  afterEach(() => folding?.close())

  async function poisonedSidecar() {
    folding = foldingOf(pipeline, MODULE, pino({ level: 'silent' }))
    const { client } = await start({ mode: 'never', pipeline, folding, keptBytes: 1e6, settings: { workers: 2 } })
    await client.hello('poisoned')
    const fold = async (partition: number, lines: readonly string[]) => {
      const name = { source: `run/topic/${partition}`, firstOffset: 100 }
      const records = lines.map((line, index) => ({ offset: 100 + 2 * index, bytes: Buffer.from(line) }))
      await client.ask(KIND.admit, encodeAdmit({ ...name, records }))
      return decodeFolded(await client.ask(KIND.fold, encodeFold({ ...name, again: null })))
    }
    return { client, fold }
  }

  test.each(AT_ONCE)(
    '(%s) is a dead letter; all the others count, before it, beside it and after it',
    async (poison) => {
      const { client, fold } = await poisonedSidecar()
      const sound = [event(0), event(1)]
      const poisoned = [event(2), event(3, { poison }), event(4)]
      const [before, hit, beside] = await Promise.all([fold(0, sound), fold(1, poisoned), fold(2, sound)])
      const after = await fold(3, sound)
      expect(hit.letters.map((letter) => JSON.parse(Buffer.from(letter).toString()))).toMatchObject([
        { kind: 'dead', code: 'map_killed', partition: 1, offset: 102, record: event(3, { poison }) },
      ])
      const all = [before, hit, beside, after].flatMap(({ panes }) => panes.map(({ partial }) => partial))
      const rows = presentRows(pipeline, unpackPartial(pipeline, mergePartials(pipeline, all)))
      expect(rows).toEqual([{ key: 'a', n: 8 }])
      expect(JSON.parse(Buffer.from(await client.ask(KIND.facts)).toString()).held).toMatchObject({
        bytes: 0,
        apart: 0,
      })
    },
    120_000,
  )

  test('later than its fold has counted; nothing is lost and nothing twice', async () => {
    const { fold } = await poisonedSidecar()
    const folded = [await fold(0, [event(0), event(1, { poison: 'a timer that throws' })]), await fold(1, [event(2)])]
    await sleep(100) // it throws after 20 ms, whoever is at work then
    for (let partition = 2; partition < 5; partition++) folded.push(await fold(partition, [event(partition)]))
    const all = folded.flatMap(({ panes }) => panes.map(({ partial }) => partial))
    const { folded: counted, dead } = unpackPartial(pipeline, mergePartials(pipeline, all))
    expect([counted.count, dead.count]).toEqual([6, 0])
  }, 120_000)

  test('what is folded in a process of its own comes to the same as a fold here, to the byte', async () => {
    const { fold } = await poisonedSidecar()
    const lines = Array.from({ length: 200 }, (_, index) => event(index * 100))
    const { panes } = await fold(0, lines)
    const header = { pipeline: 'poisoned', version: 'v', incarnation: 'test', number: 0, firstOffset: 0, digest: '' }
    const here = await foldEnvelope(pipeline, { ...header, count: 200, horizonMs: Number.NEGATIVE_INFINITY, lines })
    for (const { startMs, partial } of panes) {
      const expected = here.panes.get(startMs)!
      expect(presentRows(pipeline, unpackPartial(pipeline, partial))).toEqual(presentRows(pipeline, expected))
    }
    expect(panes.map(({ startMs }) => startMs)).toEqual([...here.panes.keys()])
  }, 60_000)
})
