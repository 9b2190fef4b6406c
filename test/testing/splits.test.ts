import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { randomOf } from '../../testing/random'
import { type Split, splitInWords, splitsOf } from '../../testing/splits'

const eventsOf = (split: Split): readonly number[] =>
  split.kind === 'fold' ? split.events : [...eventsOf(split.into), ...eventsOf(split.from)]

test('a split has each event once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 60 }), fc.integer(), (count, most, seed) => {
      const splits = [...splitsOf(count, most, randomOf(seed))]
      const all = Array.from({ length: count }, (_, event) => event)
      for (const split of splits) expect([...eventsOf(split)].sort((a, b) => a - b)).toEqual(all)
      expect(splits.length).toBeLessThanOrEqual(most)
    }),
  )
})

test('a short window is cut at each of its places', () => {
  const words = [...splitsOf(3, 5, randomOf(1))].map((split) => splitInWords(split, (event) => event))
  expect(words).toEqual(['[0,1,2]', '(2,1,0)', '{{[0] + [1]} + [2]}', '{(0) + [1,2]}', '{(0,1) + [2]}'])
})

test('a long window has random splits as well, and is cut at places all along it', () => {
  const splits = [...splitsOf(1_000, 20, randomOf(1))]
  const places = splits.flatMap((split) =>
    split.kind === 'merge' && split.into.kind === 'fold' && split.from.kind === 'fold' && split.into.events[0] === 0
      ? [split.into.events.length]
      : [],
  )
  expect(places.slice(0, 3)).toEqual([1, 101, 201])
  expect(splits).toHaveLength(20)
  expect(places.length).toBeLessThanOrEqual(11)
})

test('the same seed gives the same splits', () => {
  const splits = () => JSON.stringify([...splitsOf(9, 50, randomOf(7))])
  expect(splits()).toBe(splits())
})
