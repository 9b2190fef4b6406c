import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'

const ROOT = join(__dirname, '../..')
const rows = [...readFileSync(join(ROOT, 'SECURITY.md'), 'utf8').matchAll(/^\| (S\d+) .*\| `([\w/-]+)` +\|$/gm)]

test('the rows of the threat model are numbered from 1', () => {
  expect(rows.map(([, row]) => row)).toEqual(Array.from({ length: rows.length }, (_, index) => `S${index + 1}`))
  expect(rows.length).toBeGreaterThan(10)
})

test.each(rows.map(([, row, file]) => [row!, file!]))('row %s has tests under its number in %s', (row, file) => {
  const text = readFileSync(join(ROOT, `${file}.test.ts`), 'utf8')
  const [, after = ''] = text.split(`describe('${row} `)
  expect(after.split('describe(')[0]).toMatch(/\n {2}test/)
})
