import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { UnreadableBody } from '../../../edge-node/ingest/body-lines'
import { decodeBody, readBody } from '../../../edge-node/ingest/request-body'
import { countByK } from '../../support/envelopes'

const spec = countByK()
const limits = { bodyBytes: 10_000, lineBytes: 200, futureSkewMs: 0 }
const NOW_MS = 1_000_000

const bytes = fc.uint8Array({ maxLength: 60 }).map((raw) => Buffer.from(raw))
const fragment = fc.constantFrom(
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\n',
  '\r',
  ' ',
  '\\',
  '"k"',
  '"t"',
  '1',
  '\u{1F511}',
)
const almostJson = fc.array(fragment, { maxLength: 30 }).map((parts) => Buffer.from(parts.join('')))
const json = fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text))
const anything = fc.oneof(bytes, almostJson, json)

test('whatever the bytes are, a body is read or unreadable, and every line is counted once at most', () => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 6 }), (parts) => {
      const body = Buffer.concat(parts)
      try {
        const { lines, rejected } = readBody(spec, body, limits, NOW_MS)
        const numbers = [...lines.map(({ number }) => number), ...rejected.map(({ line }) => line)]
        expect(new Set(numbers).size).toBe(numbers.length)
        for (const { line } of lines) expect(line).not.toContain('\n')
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableBody)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('whatever the bytes and the encoding are, unpacking gives bytes or says that it cannot', async () => {
  await fc.assert(
    fc.asyncProperty(
      anything,
      fc.constantFrom(undefined, '', 'identity', 'gzip', 'br', 'x'),
      async (body, encoding) => {
        const error = await decodeBody(body, encoding, limits).then(
          () => null,
          (reason: unknown) => reason,
        )
        if (error !== null) expect(error).toBeInstanceOf(UnreadableBody)
      },
    ),
  )
})

const event = fc
  .record({ k: fc.string({ unit: 'binary', maxLength: 10 }), t: fc.nat({ max: NOW_MS }), v: fc.double() })
  .map((value) => Buffer.from(JSON.stringify(value)))
const garbage = anything.map((raw) => Buffer.from(raw.filter((byte) => byte !== 10)))
/** Each line is an event or garbage. The first is an event: a body that begins like an array is one. */
const body = fc
  .tuple(event, fc.array(fc.oneof(fc.record({ event }), fc.record({ garbage })), { maxLength: 12 }))
  .map(([first, others]) => [{ event: first }, ...others])

test('events count under their line numbers whatever stands between them', () => {
  fc.assert(
    fc.property(body, fc.constantFrom('\n', '\r\n'), (lines, newline) => {
      const raw = lines.flatMap((line) => ['event' in line ? line.event : line.garbage, Buffer.from(newline)])
      const read = readBody(spec, Buffer.concat(raw), limits, NOW_MS).lines
      const counted = new Map(read.map(({ number, line }) => [number, line]))
      for (const [index, line] of lines.entries()) {
        if ('event' in line) expect(counted.get(index + 1)).toBe(line.event.toString('utf8'))
      }
    }),
    { numRuns: 500 },
  )
})
