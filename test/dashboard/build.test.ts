import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { ensureBuilt } from '../../dashboard/ensure-built'

const DIST = join(__dirname, '../../dashboard/dist')
const MOST_BYTES = 150_000

describe('the built page', () => {
  beforeAll(async () => {
    expect(await ensureBuilt()).not.toMatchObject({ kind: 'impossible' })
  }, 60_000)

  const files = () =>
    readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(html|js|css|svg)$/.test(name))

  test('is under 150 KB in all, packed', () => {
    const packed = files().map((name) => gzipSync(readFileSync(join(DIST, name))).length)
    expect(packed.length).toBeGreaterThan(2)
    expect(packed.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(MOST_BYTES)
  })

  test('has nothing inline that a strict content policy would refuse, and names no other origin', () => {
    const html = readFileSync(join(DIST, 'index.html'), 'utf8')
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:/)
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
  })

  test('is built once: a second look finds it fresh', async () => {
    expect(await ensureBuilt()).toEqual({ kind: 'fresh' })
  })
})
