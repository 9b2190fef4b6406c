import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { FinalColumns } from '../../../edge-node/results/final-columns'
import { finalOf, finalsOf } from '../../support/envelopes'

describe('the columns of finals', () => {
  test('give each record back as it was', () => {
    const hex = (length: number) =>
      fc
        .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
        .map((digits) => digits.join(''))
    const count = fc.integer({ min: 0, max: 2 ** 40 })
    const record = fc.record({
      startMs: fc.integer({ min: -1e15, max: 1e15 }),
      version: fc.constantFrom('a', 'b', 'c'),
      accepted: fc.tuple(count, hex(16)),
      edge: count,
      burst: count,
      deadLettered: count,
      rows: count,
      digest: hex(64),
      atMs: fc.integer({ min: 0, max: 1e15 }),
      bytes: count,
    })
    fc.assert(
      fc.property(fc.nat(10_000), fc.array(record, { maxLength: 20 }), (first, records) => {
        const columns = new FinalColumns()
        columns.begin(first)
        const finals = records.map((each, index) => finalOf(first + index, { ...each, endMs: each.startMs + 10 }))
        for (const final of finals) columns.push(final)
        expect(finals.map(({ number }) => columns.at(number))).toEqual(finals)
        expect(columns.bytes).toBe(finals.reduce((sum, { bytes }) => sum + bytes!, 0))
      }),
    )
  })

  test('let go of the oldest, whose numbers are not given to others', () => {
    const columns = new FinalColumns()
    for (const final of finalsOf(0, 10_000)) columns.push(final)
    columns.dropBefore(9_000)
    expect([columns.first, columns.next, columns.bytes]).toEqual([9_000, 10_000, 100_000])
    expect(columns.at(9_000)).toEqual(finalOf(9_000))
    expect(() => columns.at(8_999)).toThrow('final 8999 is not kept')
    columns.push(finalOf(10_000))
    expect(columns.at(10_000)).toEqual(finalOf(10_000))
  })

  test('a record of an older version does not say how large its file is: its rows tell about', () => {
    const { bytes: _, ...old } = finalOf(0, { rows: 10 })
    const columns = new FinalColumns()
    columns.push(old)
    expect(columns.fileBytes(0)).toBe(640)
  })
})
