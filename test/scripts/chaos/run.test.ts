import { describe, expect, test } from '@jest/globals'
import { warningOf } from '../../../scripts/chaos/edge-view'
import { killAt } from '../../../scripts/chaos/faults/kill-edge'
import { progress } from '../../../scripts/chaos/run'
import { Stage } from '../../../scripts/chaos/stage'
import { draws } from '../../../scripts/load/events/random'

const stage = (said: string[] = []) => new Stage('/nowhere', (text) => said.push(text))

describe('a stage', () => {
  test('undoes everything when it closes, the last first, also after a step that fails', async () => {
    const done: string[] = []
    const said: string[] = []
    const closing = stage(said)
    closing.undo(() => done.push('folder'))
    closing.undo(() => {
      throw new Error('busy')
    })
    closing.undo(async () => done.push('process'))
    await closing.close()
    expect(done).toEqual(['process', 'folder'])
    expect(said).toEqual(['could not clean up: busy'])
  })

  test('closing twice undoes once', async () => {
    let times = 0
    const closing = stage()
    closing.undo(() => times++)
    await closing.close()
    await closing.close()
    expect(times).toBe(1)
  })

  test('once it has failed, whoever waits gets the first error', async () => {
    const failing = stage()
    const waiting = [
      failing.pause(60_000),
      failing.until(new Promise(() => {})),
      failing.watch(async () => null, 60_000),
    ]
    failing.fail(new Error('the edge node ended'))
    failing.fail(new Error('later'))
    for (const wait of waiting) await expect(wait).rejects.toThrow('the edge node ended')
    await expect(failing.pause(0)).rejects.toThrow('the edge node ended')
  })

  test('watching ends with what was found', async () => {
    let looks = 0
    expect(await stage().watch(async () => (++looks === 3 ? 'there' : null), 60_000, 0)).toBe('there')
  })

  test('watching in vain gives null', async () => {
    expect(await stage().watch(async () => null, 1, 0)).toBeNull()
  })

  test('counts faults by kind and keeps what was promised in vain', () => {
    const noting = stage()
    noting.fault('edge-killed', '1 of 2')
    noting.fault('edge-killed', '2 of 2')
    noting.expect(true, 'kept')
    noting.expect(false, 'not kept')
    expect(noting.faults).toEqual({ 'edge-killed': 2 })
    expect(noting.broken).toEqual(['not kept'])
  })
})

describe('progress', () => {
  test('shows what is new, and what is not only now and then', () => {
    const lineAt = progress()
    expect(lineAt(0, 'a')).toBe('   0 s   a')
    expect(lineAt(2_000, 'a')).toBeNull()
    expect(lineAt(4_000, 'b')).toBe('   4 s   b')
    expect(lineAt(23_999, 'b')).toBeNull()
    expect(lineAt(24_000, 'b')).toBe('  24 s   b')
  })
})

describe('the kills of the edge node', () => {
  const kills = (seed: number) => Array.from({ length: 200 }, (_, n) => killAt(draws(seed, 'kill-edge'), n))

  test('are decided by the seed', () => {
    expect(kills(1)).toEqual(kills(1))
    expect(kills(1)).not.toEqual(kills(2))
  })

  test('hit it at work and while it starts', () => {
    const starting = kills(1).filter(({ whileStarting }) => whileStarting).length
    expect(starting).toBeGreaterThan(20)
    expect(starting).toBeLessThan(100)
  })
})

describe('a line of the edge node log', () => {
  test.each([
    ['{"level":40,"msg":"the heads cannot be read"}', 'the heads cannot be read'],
    ['{"level":50,"msg":"a request failed"}', 'a request failed'],
    ['{"level":30,"msg":"the edge node is listening"}', null],
    ['{"level":40,"msg":"cut off by a ki', null],
    ['', null],
  ])('%s warns of %s', (line, warning) => {
    expect(warningOf(line)).toBe(warning)
  })
})
