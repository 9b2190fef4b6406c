import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { impurities } from './impurities'

const CORE = join(__dirname, '../../core')
const modules = readdirSync(CORE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))

describe('core', () => {
  test('is where it is looked for', () => {
    expect(modules).toEqual(
      expect.arrayContaining([join('protocol', 'fold.ts'), join('control', 'policy.ts'), join('aggregates', 'sum.ts')]),
    )
  })

  test.each(modules)('%s depends on nothing but its arguments', (name) => {
    expect(impurities(readFileSync(join(CORE, name), 'utf8'))).toEqual([])
  })
})

describe('the guard', () => {
  test.each([
    ['const now = Date.now()', 'Date.now'],
    ['const { now } = Date', 'Date'],
    ['const date = new Date()', 'Date'],
    ['const day = Date.parse(text)', 'Date.parse'],
    ['const ms = performance.now()', 'performance'],
    ['const x = Math.random()', 'Math.random'],
    ['const { random } = Math', 'Math'],
    ['const x = Math["random"]()', 'Math'],
    ['const x = Math.log(y)', 'Math.log'],
    ['const x = Math.pow(2, y)', 'Math.pow'],
    ['const x = Math.exp(y)', 'Math.exp'],
    ['const x = 2 ** y', '**'],
    ['let x = 2; x **= 2', '**'],
    ['const region = process.env.AWS_REGION', 'process'],
    ['const all = globalThis.process', 'globalThis'],
    ['setTimeout(f, 1)', 'setTimeout'],
    ['await fetch(url)', 'fetch'],
    ['const id = crypto.randomUUID()', 'crypto'],
    ['const bytes = Buffer.from(text)', 'Buffer'],
    ['console.log(x)', 'console'],
    ['const fs = require("node:fs")', 'require'],
    ['const text = (1.5).toLocaleString()', 'toLocaleString'],
    ['names.sort((a, b) => a.localeCompare(b))', 'localeCompare'],
    ['class A { constructor(private readonly now = Date.now) {} }', 'Date.now'],
    ['const f = (Date as Clock).now', 'Date'],
    ['const f = Date!.now', 'Date'],
  ])('bites at %s', (source, found) => {
    expect(impurities(source)).toContain(found)
  })

  test.each([
    'const x = Math.sqrt(2) + Math.imul(3, 4)',
    'const day = Date.UTC(2024, 0, 1)',
    '// Date.now() and Math.random() are not for core',
    'const text = "Date.now()"',
    'const record = { process: 1, now: 2 }; const now = record.process',
    'export function f(process: { env: string }, Date: () => number) { return process.env + Date() }',
    'export type Clock = Pick<typeof performance, "now"> & Date',
    'export interface Timer { readonly performance: Performance; readonly start: NodeJS.Timeout }',
    'const product = a * b; declare const a: number, b: number',
  ])('lets pass %s', (source) => {
    expect(impurities(source)).toEqual([])
  })
})
