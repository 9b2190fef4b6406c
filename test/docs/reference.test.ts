import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { REQUEST_ERRORS } from '../../lab/docs/errors'
import { LABELS } from '../../lab/docs/metrics'
import { GENERATED_PAGES } from '../../lab/docs/pages'
import { testNodes } from '../support/fixture'
import { scrapeOf } from '../support/scrape'

const ROOT = join(__dirname, '../..')
const { start } = testNodes()

/** The formatter may break the lines of JSON elsewhere. */
const contentOf = (path: string, text: string): unknown => (path.endsWith('.json') ? JSON.parse(text) : text)

describe('the reference', () => {
  test.each(Object.entries(GENERATED_PAGES))(
    '%s says what the code says; else run npm run docs',
    async (path, make) => {
      expect(contentOf(path, readFileSync(join(ROOT, path), 'utf8'))).toEqual(contentOf(path, await make()))
    },
    60_000,
  )

  test('has every error code that a route answers with, with its status', () => {
    const answered = sources(join(ROOT, 'edge-node')).flatMap(codesIn)
    const described = Object.entries(REQUEST_ERRORS).map(([code, { status }]) => `${status} ${code}`)
    for (const code of answered) expect(described).toContain(code)
    expect(answered.length).toBeGreaterThan(15)
  })

  test('has every code that is in the source of node, functions, client and tests', () => {
    const page = readFileSync(join(ROOT, 'docs/reference/error-codes.md'), 'utf8')
    const described = new Set([...page.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code))
    const found = ['core', 'testing', 'client', 'cloud', 'handlers', 'edge-node', 'flink'].flatMap((room) =>
      sources(join(ROOT, room)).flatMap(words),
    )
    const missing = found.filter((word) => !described.has(word) && !Object.hasOwn(NO_CODES, word))
    expect([...new Set(missing)]).toEqual([])
    expect(new Set(found).size).toBeGreaterThan(60)
  })

  test('names the labels of metrics as a scrape has them', async () => {
    const { app } = await start()
    await app.inject('/healthz')
    const { series } = scrapeOf((await app.inject('/metrics')).body)
    const familyOf = (name: string, kind: string) =>
      kind === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name
    const labels = [...series].map(([name, { kind, labels }]) => [
      familyOf(name, kind),
      [...labels.keys()].filter((label) => label !== 'le'),
    ])
    const found = labels.filter(([name, names]) => String(name).startsWith('spillway_') && names!.length > 0)
    expect(Object.fromEntries(found)).toEqual(LABELS)
  })
})

/** Words of the form of a code that nobody outside of the process sees. */
const NO_CODES: Readonly<Record<string, string>> = {
  function_error: 'how a call of a function failed: the envelope is folded at the edge, or the merge tried again',
  group_too_large: 'becomes too_large',
  not_open: 'what a replay makes of an event that is late',
  unusable_config: 'a setting that cannot be used: exit code 2',
}

/** Metrics have the form of codes, and a page of their own. */
const words = (source: string) =>
  [...source.matchAll(/'([a-z]+(?:_[a-z]+)+)'/g)]
    .map(([, word]) => word!)
    .filter((word) => !word.startsWith('spillway_'))

const sources = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))

/** `fail(reply, 400, 'code', ...)`, `new UnreadableBody(413, 'code', ...)` and `{ status: 401, code: 'code' }`. */
function codesIn(source: string): string[] {
  const called = source.matchAll(/(?:fail\(\s*reply,|new UnreadableBody\()\s*(\d+),\s*'([a-z_]+)'/g)
  const refused = source.matchAll(/\{\s*status: (\d+),\s*code: '([a-z_]+)'/g)
  return [...called, ...refused].map(([, status, code]) => `${status} ${code}`)
}
