import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Cruise, cruise } from './cruise'

const ROOT = join(__dirname, '../..')
const ROOMS = [
  'core',
  'testing',
  'client',
  'cloud',
  'program',
  'edge-node',
  'flink',
  'dashboard',
  'handlers',
  'pipelines',
  'localstack',
  'scripts',
  'lab',
  'test',
]

describe('the imports of the project', () => {
  let found: Cruise
  beforeAll(async () => {
    found = await cruise(ROOT, ROOMS)
  }, 120_000)

  test.each(ROOMS)('are known for every module of %s', (room) => {
    const modules = readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|cjs)$/.test(name))
      .map((name) => `${room}/${name}`)
    expect(modules.length).toBeGreaterThan(0)
    expect(found.modules).toEqual(expect.arrayContaining(modules.filter((name) => !/\.d\.c?ts$/.test(name))))
  })

  test('bring types alone into the client, which runs in browsers', () => {
    const client = join(ROOT, 'client')
    const code = readdirSync(client, { encoding: 'utf8' }).flatMap((name) =>
      [...readFileSync(join(client, name), 'utf8').matchAll(/^(import|export)(?! type )[^']* from '\.\.\//gm)].map(
        () => name,
      ),
    )
    expect(code).toEqual([])
  })

  test('run one way, without cycles', () => {
    expect(found.violations).toEqual([])
  })
})

/** One module for each rule that it breaks, or that it keeps. */
const PLANTED: readonly (readonly [file: string, source: string, rule: string | null])[] = [
  ['core/keeps.ts', "import type { StandardSchemaV1 } from '@standard-schema/spec'\nimport './fine'", null],
  ['core/node.ts', "import { readFileSync } from 'node:fs'", 'core-imports'],
  ['core/old-node.ts', "import fs from 'fs'", 'core-imports'],
  ['core/package.ts', "import { z } from 'zod'", 'core-imports'],
  ['core/sdk.ts', "import { KinesisClient } from '@aws-sdk/client-kinesis'", 'only-cloud-knows-aws'],
  ['core/type-of-cloud.ts', "import type { Store } from '../cloud/fine'", 'core-imports'],
  ['core/dynamic.ts', "export const load = () => import('../cloud/fine')", 'core-imports'],
  ['core/re-export.ts', "export { fine } from '../edge-node/fine'", 'core-imports'],
  ['testing/keeps.ts', "import '../core/fine'", null],
  ['testing/cloud.ts', "import '../cloud/fine'", 'testing-imports'],
  ['client/keeps.ts', "import type { Row } from '../core/fine'", null],
  ['client/edge.ts', "import type { Row } from '../edge-node/fine'", 'client-imports'],
  ['client/node.ts', "import 'node:http'", 'client-runs-in-browsers'],
  ['client/package.ts', "import 'zod'", 'client-runs-in-browsers'],
  ['cloud/keeps.ts', "import '../core/fine'\nimport { KinesisClient } from '@aws-sdk/client-kinesis'", null],
  ['cloud/pipeline.ts', "import '../pipelines/fine'", 'cloud-imports'],
  ['cloud/handler.ts', "import '../handlers/fine'", 'cloud-imports'],
  ['cloud/edge.ts', "import '../edge-node/fine'", 'cloud-imports'],
  ['pipelines/keeps.ts', "import '../core/fine'\nimport { z } from 'zod'", null],
  ['pipelines/cloud.ts', "import '../cloud/fine'", 'pipelines-imports'],
  ['pipelines/sdk.ts', "import { KinesisClient } from '@aws-sdk/client-kinesis'", 'only-cloud-knows-aws'],
  ['flink/rest/up.ts', "import '../sidecar/fine'", 'floors-of-flink'],
  ['handlers/keeps.ts', "import '../cloud/fine'\nimport '../core/fine'\nimport '../pipelines/fine'", null],
  ['handlers/edge.ts', "import '../edge-node/fine'", 'handlers-imports'],
  ['handlers/sdk.ts', "import { KinesisClient } from '@aws-sdk/client-kinesis'", 'only-cloud-knows-aws'],
  ['handlers/test.ts', "import '../test/fine'", 'handlers-imports'],
  ['edge-node/keeps.ts', "import '../cloud/fine'\nimport '../core/fine'\nimport '../program/fine'", null],
  ['edge-node/users.ts', "import '../pipelines/fine'", 'edge-node-imports'],
  ['program/keeps.ts', "import '../core/fine'", null],
  ['program/edge.ts', "import '../edge-node/fine'", 'program-imports'],
  ['edge-node/handler.ts', "import '../handlers/fine'", 'edge-node-imports'],
  ['edge-node/smithy.ts', "import { NodeHttpHandler } from '@smithy/node-http-handler'", 'only-cloud-knows-aws'],
  ['edge-node/local.ts', "import '../localstack/fine'", 'edge-node-imports'],
  ['edge-node/script.ts', "import '../scripts/fine'", 'edge-node-imports'],
  ['edge-node/lost.ts', "import './nowhere'", 'no-guesses'],
  ['flink/sidecar/keeps.ts', "import '../../edge-node/fine'\nimport '../../program/fine'", null],
  ['flink/sidecar/handler.ts', "import '../../handlers/fine'", 'flink-imports'],
  ['core/pipeline/up.ts', "import '../control/fine'", 'floors-of-core'],
  ['core/control/down.ts', "import '../pipeline/fine'", null],
  ['edge-node/burst/up.ts', "import '../http/fine'", 'floors-of-edge-node'],
  ['edge-node/http/down.ts', "import '../burst/fine'", null],
  ['localstack/keeps.ts', "import '../scripts/command-line/fine'", null],
  ['localstack/script.ts', "import '../scripts/load/fine'", 'localstack-imports'],
  ['scripts/command-line/core.ts', "import '../../core/fine'", 'command-line-imports'],
  ['scripts/load/lab.ts', "import '../../lab/fine'", 'users-commands-know-no-laboratory'],
  ['edge-node/sidecar.ts', "import '../flink/fine'", 'edge-node-imports'],
  ['scripts/keeps.ts', "import '../core/fine'\nimport '../localstack/fine'", null],
  ['scripts/verify/core.ts', "import '../../core/fine'", 'the-checker-is-independent'],
  ['scripts/verify/command.ts', "import '../../edge-node/fine'", 'the-checker-is-independent'],
  ['test/admission/reading.ts', "import '../../core/fine'", 'the-reading-is-independent'],
  ['edge-node/observe/feed.ts', "import type { Row } from '../core/fine'", 'feed-is-for-browsers'],
  ['edge-node/page.ts', "import '../dashboard/src/fine'", 'dashboard-is-a-page'],
  ['edge-node/builds.ts', "import '../dashboard/fine'", null],
  ['dashboard/src/fine.ts', "import type { Sample } from '../../edge-node/observe/feed'", null],
  ['dashboard/src/status.ts', "import type { Status } from '../../edge-node/fine'", 'dashboard-imports'],
  ['dashboard/src/package.ts', "import { z } from 'zod'", 'dashboard-imports'],
  ['dashboard/builder.ts', "import '../edge-node/fine'", 'dashboard-is-built'],
  // A cycle is told once, from one of its modules.
  ['edge-node/cycle.ts', "import type { Back } from './cycle-back'", null],
  ['edge-node/cycle-back.ts', "import './cycle'", 'no-cycles'],
]

describe('the guard', () => {
  const root = mkdtempSync(join(tmpdir(), 'spillway-imports-'))
  const plant = (file: string, source: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), source)
  }
  let found: Cruise
  beforeAll(async () => {
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
    const inside = [
      ...['core/pipeline', 'core/control', 'edge-node/burst', 'edge-node/http', 'flink/sidecar'],
      ...['scripts/command-line', 'scripts/load'],
    ]
    for (const room of [...ROOMS, ...inside])
      plant(`${room}/fine.ts`, 'export const fine = 1\nexport type Store = string')
    for (const [file, source] of PLANTED) plant(file, source)
    found = await cruise(root, ROOMS)
  }, 30_000)
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  test.each(PLANTED.filter(([, , rule]) => rule !== null))('bites at %s', (file, _, rule) => {
    expect(found.violations.filter(({ from }) => from === file).map((violation) => violation.rule)).toContain(rule)
  })

  test.each(PLANTED.filter(([, , rule]) => rule === null))('lets pass %s', (file) => {
    expect(found.violations.filter(({ from }) => from === file)).toEqual([])
  })
})

/** A rule of `.dependency-cruiser.cjs`, as far as rooms are concerned. */
interface Rule {
  readonly from: { readonly path?: string; readonly pathNot?: string | string[] }
  readonly to: Rule['from'] & { readonly circular?: true; readonly couldNotResolve?: true }
}
const { forbidden }: { forbidden: Rule[] } = require(join(ROOT, '.dependency-cruiser.cjs'))

/** Whether some file of a room may import some file of another. */
function mayImport(from: string, to: string): boolean {
  const matches = (name: string, paths: string | string[]) => [paths].flat().some((path) => new RegExp(path).test(name))
  const applies = (name: string, { path, pathNot }: Rule['from']) =>
    (path === undefined || matches(name, path)) && (pathNot === undefined || !matches(name, pathNot))
  return !forbidden.some(
    (rule) =>
      !rule.to.circular &&
      !rule.to.couldNotResolve &&
      applies(`${from}/fine.ts`, rule.from) &&
      applies(`${to}/fine.ts`, rule.to),
  )
}

const TEXT = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')
const namesIn = (cell: string) => [...cell.matchAll(/`([a-z-]+)\/?`/g)].map(([, name]) => name!)
/** The rows of the table with this first heading, cell by cell. */
const rowsOf = (heading: string) => {
  const lines = TEXT.split('\n')
  const first = lines.findIndex((line) => line.startsWith(`| ${heading} `)) + 2
  return lines
    .slice(
      first,
      lines.findIndex((line, n) => n > first && !line.startsWith('|')),
    )
    .map((l) => l.split('|'))
}

describe('the tables of ARCHITECTURE are the rules', () => {
  const rooms = rowsOf('room').map(([, room, , imports]) => ({ room: namesIn(room!)[0]!, imports: imports!.trim() }))

  test('each room is in the table', () => {
    expect(rooms.map(({ room }) => room).sort()).toEqual([...ROOMS].sort())
  })

  test.each(rooms.filter(({ room }) => room !== 'dashboard'))('$room may import $imports', ({ room, imports }) => {
    const others = ROOMS.filter((other) => other !== room && other !== 'dashboard')
    const listed = imports.startsWith('all')
      ? others.filter((other) => !namesIn(imports).includes(other))
      : namesIn(imports)
    expect(others.filter((other) => mayImport(room, other)).sort()).toEqual(listed.sort())
  })

  const floorsOf = (house: string) => namesIn(TEXT.match(new RegExp(`Floors of \`${house}/\`:([^.]*)\\.`))![1]!)
  test.each([
    ['edge-node', rowsOf('floor of `edge-node/`').map(([, room]) => namesIn(room!)[0]!)],
    ['core', floorsOf('core')],
    ['flink', floorsOf('flink')],
  ])('%s has the floors %p', (house, floors) => {
    for (const [index, floor] of floors.entries()) {
      for (const [other, above] of floors.entries())
        if (other !== index)
          expect([floor, above, mayImport(`${house}/${floor}`, `${house}/${above}`)]).toEqual([
            floor,
            above,
            other < index,
          ])
    }
    const entries = readdirSync(join(ROOT, house), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const built = ['src', 'plain', 'target']
    expect(
      entries
        .map(({ name }) => name)
        .filter((name) => !built.includes(name))
        .sort(),
    ).toEqual([...floors].sort())
  })
})
