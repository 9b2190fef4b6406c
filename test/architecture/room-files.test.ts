import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'

const ROOT = join(__dirname, '../..')
const MOST_FILES = 22 // about as many as a reader takes in

const roomsOf = (house: string) =>
  readdirSync(join(ROOT, house), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${house}/${name}`)
const ROOMS = ['core', 'edge-node'].flatMap(roomsOf)

describe('a room', () => {
  test.each(ROOMS)('%s opens with a file of its name: what it is for, what comes in, what goes out', (room) => {
    const lines = readFileSync(join(ROOT, room, `${basename(room)}.ts`), 'utf8').split('\n')
    const head = lines.slice(0, 3)
    expect(head).toEqual([/^\/\/ For: .+\.$/, /^\/\/ In: .+\.$/, /^\/\/ Out: .+\.$/].map(expect.stringMatching))
    expect(lines.filter((line) => !line.startsWith('//')).length).toBeGreaterThan(10)
  })

  test.each([...ROOMS, 'cloud', 'handlers', ...roomsOf('flink/sidecar')])('%s fits a glance', (room) => {
    const files = readdirSync(join(ROOT, room)).filter((name) => /\.(ts|cjs)$/.test(name))
    expect(files.length).toBeLessThanOrEqual(MOST_FILES)
  })
})
