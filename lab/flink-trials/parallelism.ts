import { createReadStream } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { deadLettersOf, type Letters, lettersIn, readLetters } from '../../scripts/flink/letters'
import { PIPELINE, readResults, waitFor } from '../../scripts/flink/run'
import { ONE_STREAM, sendLoad } from '../../scripts/flink/send-load'
import { SLOT_RATE, type Stage, startStage } from '../../scripts/flink/stage'
import { createTopic, startProducer } from '../../scripts/kafka/topics'
import { bidLines } from '../../scripts/load/events/bids'
import { scheduleOf } from '../../scripts/load/schedule/open-schedule'
import type { Stoppable } from '../../scripts/processes/child'
import { startEdgeNode } from '../../scripts/processes/edge-process'
import { compareWindows } from '../../scripts/verify/compare'
import { expectedWindows } from '../../scripts/verify/expected'
import type { OracleWindow } from '../../scripts/verify/oracle'
import { oraclePipeline } from '../../scripts/verify/pipelines/named'
import { fetchWindows, type ServedWindow } from '../../scripts/verify/served'
import type { Place, Trial } from './trial'

const PARALLELISMS = [1, 2, 4]
const TOPIC = 'bids'
const [SECONDS, RATE, CAPACITY] = [40, 300, 2_000]
const BATCH = 500
const FINAL_TIMEOUT_MS = 180_000

/** The same topic at three parallelisms, and the same events through an edge node: one result, byte for byte. */
export const parallelismTrial: Trial = {
  name: 'parallelism',
  about:
    'one topic at parallelism 1, 2 and 4, the edge node and the independent oracle: the same windows, byte for byte',
  isShort: true,
  run: async (place, children, say) => {
    const stage = await startStage(
      {
        ...place,
        pipeline: PIPELINE,
        mode: 'auto',
        capacity: CAPACITY,
        slots: Math.max(...PARALLELISMS),
        isHighlyAvailable: false,
      },
      children,
      say,
    )
    const keptFile = path.join(place.dataDir, 'accepted.ndjson')
    const sent = await writeTopic(stage, keptFile, children)
    const { windows: expected } = await expectedWindows([keptFile], oraclePipeline(PIPELINE))
    say(`   ${sent} events in ${expected.length} windows are in the topic`)
    const results: Results[] = []
    for (const parallelism of PARALLELISMS) {
      results.push(await onFlink(stage, parallelism, expected.length, children))
      say(`   parallelism ${parallelism}: ${splitOf(results.at(-1)!)}`)
    }
    results.push(await onEdgeNode(stage, place, keptFile, children))
    say(`   the edge node: ${splitOf(results.at(-1)!)}`)
    const failures = [
      ...results.flatMap((one) => [...differencesFrom(expected, one), ...wrongLetters(expected, one)]),
      ...unequal(results),
    ]
    return { failures, figures: results.map((one) => `${one.of}: ${splitOf(one)}`).join('; '), reports: [] }
  },
}

interface Results {
  readonly of: string
  readonly windows: readonly ServedWindow[]
  /** What stands in the topic of dead letters; the edge node has none. */
  readonly letters?: Letters
}

/** Everything at once, of the last minute: whoever reads it is behind from the beginning. */
async function writeTopic({ kafka }: Stage, keptFile: string, children: Stoppable[]): Promise<number> {
  await createTopic(kafka, TOPIC, 4)
  const producer = startProducer(kafka, TOPIC)
  children.push(producer)
  const sent = await sendLoad({
    schedule: scheduleOf({ kind: 'constant', rate: RATE }, SECONDS, 1, ''),
    startMs: Date.now() - SECONDS * 1000,
    lineOf: bidLines(1, { keys: 1_000, zipf: 1, poison: 0.001 }),
    ...{ streams: ONE_STREAM, to: producer.stdin, keptFile },
  })
  if ((await producer.ended) !== 0) throw new Error(`not all records were taken; ${kafka.logFile} says why`)
  return sent
}

async function onFlink(
  { cluster, kafka, sidecar }: Stage,
  parallelism: number,
  windows: number,
  children: Stoppable[],
): Promise<Results> {
  const results = `results-${parallelism}`
  await createTopic(kafka, results, 1)
  await createTopic(kafka, deadLettersOf(results), 1)
  const job = await cluster.submit({
    ...{ pipeline: PIPELINE, bootstrap: kafka.bootstrap, topic: TOPIC, results, run: results },
    ...{ ...sidecar.jobOptions, parallelism: String(parallelism) },
  })
  const readers: Stoppable[] = []
  const stopReaders = async () => {
    for (const reader of readers) await reader.stop()
  }
  children.push({ stop: stopReaders })
  const read = readResults(kafka, results, readers)
  const letters = readLetters(kafka, results, readers)
  await waitFor(read, windows)
  await job.cancel()
  await stopReaders()
  return { of: `parallelism ${parallelism}`, windows: [...read.values()].map(({ window }) => window), letters }
}

async function onEdgeNode(
  { cloud }: Stage,
  { dataDir }: Place,
  keptFile: string,
  children: Stoppable[],
): Promise<Results> {
  const { client } = await startEdgeNode(
    {
      endpoint: cloud.endpoint,
      dataDir: path.join(dataDir, 'edge'),
      options: { pipeline: PIPELINE, transport: 'invoke' },
      env: { PRICING_SLOTS: String(CAPACITY / SLOT_RATE) },
    },
    children,
  )
  let batch: string[] = []
  let sent = 0
  const send = async () => client.send(`batch-${sent++}`, batch)
  for await (const line of createInterface(createReadStream(keptFile))) {
    for (const event of (JSON.parse(line) as { lines: string[] }).lines) {
      batch.push(event)
      if (batch.length < BATCH) continue
      await send()
      batch = []
    }
  }
  if (batch.length > 0) await send()
  const deadlineMs = performance.now() + FINAL_TIMEOUT_MS
  for (;;) {
    const { windows, events } = await client.status()
    if (windows.open + windows.closing + windows.finalizing + events.pending === 0) break
    if (performance.now() > deadlineMs)
      throw new Error(`windows of the edge node stay open: ${JSON.stringify(windows)}`)
    await sleep(200)
  }
  return { of: 'the edge node', windows: await fetchWindows(client.url) }
}

function differencesFrom(expected: readonly OracleWindow[], { of, windows }: Results): string[] {
  const { counts, ...examples } = compareWindows(expected, windows)
  if (counts.missing + counts.extra + counts.mismatched === 0) return []
  return [`${of} differs from the oracle: ${JSON.stringify({ counts, examples }).slice(0, 2_000)}`]
}

/** Each dead event stands in the topic of dead letters, once. */
function wrongLetters(expected: readonly OracleWindow[], { of, letters }: Results): string[] {
  if (letters === undefined) return []
  const dead = expected.reduce((sum, { deadLettered }) => sum + deadLettered, 0)
  const found = lettersIn(letters)
  if (found.letters === dead && found.lettersRepeated === 0) return []
  return [`${of}: ${dead} events are dead, in their topic are ${JSON.stringify(found)}`]
}

/** All results have to be the same text, but for where events were folded. */
function unequal([first, ...others]: readonly Results[]): string[] {
  return others
    .filter((other) => textOf(other) !== textOf(first!))
    .map(({ of }) => `${of} is not the text of ${first!.of}`)
}

function textOf({ windows }: Results): string {
  const inOrder = [...windows].sort((a, b) => a.start - b.start)
  return JSON.stringify(
    inOrder.map(({ start, end, version, accepted, deadLettered, rows }) => [
      start,
      end,
      version,
      accepted,
      deadLettered,
      rows,
    ]),
  )
}

function splitOf({ windows }: Results): string {
  const sum = (of: (window: ServedWindow) => number) => windows.reduce((total, window) => total + of(window), 0)
  return `${windows.length} windows, ${sum(({ edge }) => edge)} edge + ${sum(({ burst }) => burst)} burst`
}
