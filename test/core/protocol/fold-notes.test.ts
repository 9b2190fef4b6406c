import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type FoldNote, formerLives } from '../../../core/protocol/fold-notes'

const BEGAN: FoldNote = { kind: 'began' }
const ENDED: FoldNote = { kind: 'ended' }
const folding = (digest: string, atMs = 0): FoldNote => ({ kind: 'folding', digest, atMs })
const suspect = (digest: string): FoldNote => ({ kind: 'suspect', digest })
const told = (...notes: FoldNote[]) => {
  const { hasDied, suspects } = formerLives(notes)
  return { hasDied, suspects: [...suspects] }
}

describe('what notes about folds tell of the lives before', () => {
  test('nothing at all is a first start', () => {
    expect(told()).toEqual({ hasDied: false, suspects: [] })
  })

  test('a life without an end has died, and one with an end has not', () => {
    expect(told(BEGAN).hasDied).toBe(true)
    expect(told(BEGAN, ENDED).hasDied).toBe(false)
  })

  test('what was at work when it died is suspect', () => {
    expect(told(BEGAN, folding('a'))).toEqual({ hasDied: true, suspects: ['a'] })
  })

  test('what was at work in a life that ended in order is not', () => {
    expect(told(BEGAN, folding('a'), ENDED)).toEqual({ hasDied: false, suspects: [] })
  })

  test('so is what was begun within ten seconds before, since a timer kills later than its fold', () => {
    const notes = [folding('long ago', 0), folding('before', 5_001), folding('at work', 15_000)]
    expect(told(BEGAN, ...notes).suspects).toEqual(['before', 'at work'])
  })

  test('who was suspect before stays so, however the life ended', () => {
    expect(told(BEGAN, suspect('a'), ENDED).suspects).toEqual(['a'])
    expect(told(BEGAN, suspect('a'), folding('b')).suspects).toEqual(['a', 'b'])
  })

  test('the envelope noted last is always among them when the process died', () => {
    const notes = fc.array(fc.tuple(fc.string(), fc.integer({ min: 0, max: 100_000 })), { minLength: 1 })
    fc.assert(
      fc.property(notes, (begun) => {
        const ordered = begun.sort(([, a], [, b]) => a - b).map(([digest, atMs]) => folding(digest, atMs))
        expect(told(BEGAN, ...ordered).suspects).toContain(begun.at(-1)![0])
      }),
    )
  })
})
