import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { decodeBody, readBody, readBodyInSlices } from '../../../edge-node/ingest/request-body'
import { countByK } from '../../support/envelopes'

const spec = countByK()
const limits = { bodyBytes: 64 * 1024, lineBytes: 100, futureSkewMs: 1_000 }
const NOW_MS = 10_000

const read = (body: string | Buffer) => readBody(spec, Buffer.from(body), limits, NOW_MS)
/** The lines that count, with their numbers. */
const good = (body: string | Buffer) => read(body).lines.map(({ number, line }) => [number, line])
/** Numbers and codes of the lines that do not. */
const bad = (body: string | Buffer) => read(body).rejected.map(({ line, code }) => [line, code])

const a = '{"k":"a","t":1}'
const b = '{"k":"b","t":2}'

describe('the forms of a body', () => {
  test('NDJSON, with or without a newline at the end', () => {
    expect(good(`${a}\n${b}`)).toEqual([
      [1, a],
      [2, b],
    ])
    expect(good(`${a}\n${b}\n`)).toEqual(good(`${a}\n${b}`))
  })

  test('one object', () => {
    expect(read(a)).toMatchObject({ lines: [{ number: 1, line: a, timestampMs: 1 }], rejected: [] })
  })

  test('one object over several lines', () => {
    expect(good(JSON.stringify(JSON.parse(a), null, 2))).toEqual([[1, a]])
    expect(bad(JSON.stringify({ k: 'x'.repeat(100), t: 1 }, null, 2))).toEqual([[1, 'line_too_long']])
  })

  test('a JSON array, also an indented one', () => {
    const body = JSON.stringify([JSON.parse(a), 7, JSON.parse(b), [a]], null, 2)
    expect(good(` \r\n${body}`)).toEqual([
      [1, a],
      [3, b],
    ])
    expect(bad(body)).toEqual([
      [2, 'not_an_object'],
      [4, 'not_an_object'],
    ])
  })

  test('elements and objects are as they were written, less the white space outside of texts', () => {
    const written = '{"k":"a, b\\" c","t":1,"v":[12345678901234567890,1e400,-0],"v":1.0}'
    const spaced = '{ "k" : "a, b\\" c",\n\t"t": 1 ,"v":[12345678901234567890, 1e400,\r\n-0 ], "v":1.0\n}'
    expect(good(`[${spaced} ]`)).toEqual([[1, written]])
    expect(good(spaced)).toEqual([[1, written]])
  })

  test('a timestamp beyond any number is judged alike in each of them', () => {
    const far = '{"k":"a","t":1e400}'
    for (const body of [far, `[${far}]`, far.replace(',', ',\n')]) expect(bad(body)).toEqual([[1, 'invalid_timestamp']])
  })

  test('white space is what JSON takes for it: nothing else may stand around an event', () => {
    for (const space of ['\u00a0', '\u2028', '\v', '\f', '\u0000']) {
      expect(bad(`${a}\n${space}${b}\n${b}${space}\n${space}`)).toEqual([
        [2, 'invalid_json'],
        [3, 'invalid_json'],
        [4, 'invalid_json'],
      ])
      expect(() => read(`${space}[${a}]`)).toThrow(expect.objectContaining({ code: 'invalid_json' }))
    }
  })

  test('an array that does not parse is unreadable as a whole', () => {
    for (const body of [`[${a}`, `[${a},]`, `[${a}]\n${b}`, Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])]) {
      expect(() => read(body)).toThrow(expect.objectContaining({ status: 400, code: 'invalid_json' }))
    }
  })

  test('each of them may begin with a byte order mark, also in the middle of NDJSON, where two files were joined', () => {
    const mark = '\uFEFF'
    const indented = JSON.stringify(JSON.parse(a), null, 2)
    expect(good(`${mark}${a}\r\n${mark}${b}\r\n`)).toEqual(good(`${a}\n${b}`))
    expect(good(`${mark}[${a},${b}]`)).toEqual(good(`[${a},${b}]`))
    expect(good(`${mark} [\n${indented}\n]`)).toEqual([[1, a]])
    expect(good(`${mark}${mark}[${a}]`)).toEqual([[1, a]])
    expect(good(`${mark}${indented}`)).toEqual([[1, a]])
  })

  test('a body of which no line is JSON is none of them: it is refused as a whole', () => {
    for (const body of ['k,t\na,1\nb,2', '{"k": "a",\n"t": 1', 'oops', Buffer.from([0xff, 0xfe, 0x7b, 0])]) {
      expect(() => read(body)).toThrow(expect.objectContaining({ status: 400, code: 'invalid_json' }))
    }
  })

  test('an array tells its elements apart whatever is in their texts', () => {
    const odd = ['{"k":"],[","t":1}', '{"k":"\\\\","t":1}', '{"k":"\\"]","t":1,"v":[[],{}]}']
    expect(good(`[${odd.join(' , ')}]`)).toEqual(odd.map((line, index) => [index + 1, line]))
  })

  test('nothing at all holds no events', () => {
    for (const body of ['', '\n\r\n  \n', '[]']) expect(read(body)).toEqual({ lines: [], rejected: [] })
  })
})

describe('lines', () => {
  test('blank ones are passed over and count in the numbers', () => {
    expect(good(`\n\n${a}\n`)).toEqual([[3, a]])
    expect(good(`\n${a}\n   \n\r\n${b}\n\n`)).toEqual([
      [2, a],
      [5, b],
    ])
  })

  test('may end in CRLF', () => {
    expect(good(`${a}\r\n${b}\r\n`)).toEqual([
      [1, a],
      [2, b],
    ])
  })

  test('that cannot be events are named by number and code, and the others count', () => {
    const lines = [
      a,
      'oops',
      '7',
      '{"t":1}',
      '{"k":"a"}',
      '{"k":"a","t":"now"}',
      '{"k":{},"t":1}',
      '{"k":1,"t":11001}',
      b,
    ]
    expect(good(lines.join('\n'))).toEqual([
      [1, a],
      [9, b],
    ])
    expect(bad(lines.join('\n'))).toEqual([
      [2, 'invalid_json'],
      [3, 'not_an_object'],
      [4, 'missing_key'],
      [5, 'missing_timestamp'],
      [6, 'invalid_timestamp'],
      [7, 'missing_key'],
      [8, 'timestamp_in_future'],
    ])
  })

  test('with the limit of bytes are taken, with one more not', () => {
    const exactly = `{"k":"${'x'.repeat(86)}","t":1}`
    expect(exactly.length).toBe(100)
    expect(good(`${exactly}\n${b}`).length).toBe(2)
    expect(bad(`${exactly} \n${b}`)).toEqual([[1, 'line_too_long']])
    expect(bad(`[${exactly},${exactly.replace('x', 'xx')}]`)).toEqual([[2, 'line_too_long']])
    expect(read(`${exactly} `).rejected[0]?.reason).toBe('the line has 101 bytes; at most 100 are taken')
  })

  test('that are not UTF-8 are rejected, and the others count', () => {
    const body = Buffer.concat([Buffer.from(`${a}\n{"k":"`), Buffer.from([0xc3, 0x28]), Buffer.from(`","t":1}\n${b}`)])
    expect(good(body)).toEqual([
      [1, a],
      [3, b],
    ])
    expect(bad(body)).toEqual([[2, 'invalid_utf8']])
  })

  test('stay as they came: escapes, spaces within, numbers beyond 2^53, any script', () => {
    const lines = [
      String.raw`{"k":"\ud800","t":1}`,
      '{ "k" :"a",  "t":1 , "v":123456789012345678901234567890}',
      '{"k":"ключ 🔑","t":1}',
      '{"__proto__":{"k":"b"},"k":"a","t":1}',
    ]
    expect(good(lines.join('\n')).map(([, line]) => line)).toEqual(lines)
  })

  test('a timestamp up to the allowed skew ahead of the clock is taken', () => {
    expect(read('{"k":"a","t":11000}').lines[0]?.timestampMs).toBe(11_000)
  })
})

describe('a small request that unpacks to much', () => {
  const much = { ...limits, lines: 1_000, bodyBytes: 10_000_000 }
  const readMuch = (body: string) => readBody(spec, Buffer.from(body), much, NOW_MS)

  test('blank lines are lines, too', () => {
    expect(() => readMuch(`${a}${'\n'.repeat(1_001)}`)).toThrow(expect.objectContaining({ code: 'too_many_lines' }))
    expect(readMuch(`${a}${'\n'.repeat(1_000)}`).lines.length).toBe(1)
  })

  test('an element far beyond the length of a line is not parsed', () => {
    const huge = `[${a},${'['.repeat(500_000)}${']'.repeat(500_000)},${b}]`
    expect(readMuch(huge).lines.map(({ number }) => number)).toEqual([1, 3])
    expect(readMuch(huge).rejected).toMatchObject([{ line: 2, code: 'line_too_long' }])
    expect(() => readMuch('['.repeat(1_000_000))).toThrow(expect.objectContaining({ code: 'invalid_json' }))
  })

  test('is read in slices, between which others have their turn', async () => {
    let turns = 0
    const others = setImmediate(function next() {
      turns += 1
      setImmediate(next).unref()
    })
    const body = Buffer.from(`${a}\n`.repeat(20_000))
    const read = await readBodyInSlices(spec, body, limits, NOW_MS)
    clearImmediate(others)
    expect(read).toEqual(readBody(spec, body, limits, NOW_MS))
    expect(turns).toBeGreaterThan(5)
  })
})

describe('deep nesting', () => {
  const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`
  const wide = { ...limits, lineBytes: 1_000_000 }
  const readWide = (body: string) => readBody(spec, Buffer.from(body), wide, NOW_MS)

  test('is taken in a line of its own, which is never written again', () => {
    expect(readWide(`{"k":"a","t":1,"v":${deep}}\n${b}`).lines.length).toBe(2)
  })

  test('is taken in an element and in an object over several lines, too', () => {
    const deepest = `{"k":"a","t":1,"v":${deep}}`
    expect(readWide(`[${a},${deepest},${b}]`).lines.map(({ line }) => line)).toEqual([a, deepest, b])
    expect(readWide(deepest.replace(',', ',\n')).lines.map(({ line }) => line)).toEqual([deepest])
  })
})

describe('content encoding', () => {
  const packed = gzipSync(`${a}\n${b}`)

  test('none, identity, gzip and its old name are taken, in any case of letters', async () => {
    for (const encoding of [undefined, '', 'identity', 'Identity']) {
      expect(await decodeBody(Buffer.from(a), encoding, limits)).toEqual(Buffer.from(a))
    }
    for (const encoding of ['gzip', 'GZIP', 'x-gzip', 'X-GZip']) {
      expect((await decodeBody(packed, encoding, limits)).toString()).toBe(`${a}\n${b}`)
    }
  })

  test('another is refused with 415', async () => {
    await expect(decodeBody(packed, 'br', limits)).rejects.toMatchObject({ status: 415, code: 'unknown_encoding' })
  })

  test('a gzip stream that is cut off, damaged or none is refused with 400', async () => {
    const damaged = Buffer.from(packed)
    damaged[damaged.length - 6]! ^= 1 // in the checksum
    for (const body of [packed.subarray(0, -1), damaged, Buffer.from(a), Buffer.alloc(0)]) {
      await expect(decodeBody(body, 'gzip', limits)).rejects.toMatchObject({ status: 400, code: 'invalid_gzip' })
    }
  })

  test('members one after the other, as of packed files that were joined, are one body', async () => {
    const [begin, end] = [`${a}\n{"k":`, `"b","t":2}`] // cut within a line
    const joined = Buffer.concat([begin, '', end].map((text) => gzipSync(text)))
    expect((await decodeBody(joined, 'gzip', limits)).toString()).toBe(`${a}\n${b}`)
    for (const body of [joined.subarray(0, -5), Buffer.concat([gzipSync(begin), Buffer.from(end)])]) {
      await expect(decodeBody(body, 'gzip', limits)).rejects.toMatchObject({ status: 400, code: 'invalid_gzip' })
    }
  })

  test('a small body that unpacks to more than the limit is refused with 413', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * limits.bodyBytes, ' '))
    expect(bomb.length).toBeLessThan(limits.bodyBytes)
    await expect(decodeBody(bomb, 'gzip', limits)).rejects.toMatchObject({ status: 413, code: 'body_too_large' })
    expect((await decodeBody(gzipSync(Buffer.alloc(limits.bodyBytes)), 'gzip', limits)).length).toBe(limits.bodyBytes)
  })
})
