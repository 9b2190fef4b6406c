import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { event, type TestNode, testNodes } from '../../support/fixture'

const corpus = (name: string): string[] => JSON.parse(readFileSync(join(__dirname, 'corpus', name), 'utf8'))
const BAD = corpus('bad-lines.json')
const ODD = corpus('odd-lines.json')
const DEEP = `${'{"k":'.repeat(5_000)}1${'}'.repeat(5_000)}`

const { start } = testNodes()

/**
 * Writes raw bytes to a listening node, in pieces; resolves with all that came back once the connection has ended or
 * `enough` says so.
 */
async function talk(
  port: number,
  pieces: readonly (string | Buffer)[],
  enough: (text: string) => boolean,
): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  const over = new Promise<void>((resolve) => {
    socket.on('data', (data) => {
      text += data.toString('latin1')
      if (enough(text)) resolve()
    })
    socket.on('close', () => resolve())
    socket.on('error', () => resolve())
  })
  for (const piece of pieces) {
    socket.write(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await over
  socket.destroy()
  return text
}

async function listening(node: TestNode): Promise<number> {
  await node.app.listen({ host: '127.0.0.1', port: 0 })
  const address = node.app.server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const post = (body: string | Buffer, more = '') =>
  Buffer.concat([
    Buffer.from(
      `POST /v1/events HTTP/1.1\r\nhost: localhost\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n`,
    ),
    Buffer.from(body),
  ])

const accepted = async (node: TestNode) => (await node.status()).events.accepted

describe('bad input', () => {
  test('every line of the corpus of bad lines is rejected by its number, and every odd one accepted', async () => {
    const node = await start()
    const bad = (await node.post(['{"k":"first","t":1672531200000,"v":1}', ...BAD, DEEP].join('\n'))).json()
    expect(bad.accepted).toBe(1)
    expect(bad.rejected.map(({ line }: { line: number }) => line)).toEqual([...BAD, DEEP].map((_, index) => index + 2))
    const odd = (await node.post(ODD.join('\n'))).json()
    expect({ accepted: odd.accepted, rejected: odd.rejected }).toEqual({ accepted: ODD.length, rejected: [] })
  })

  test('good lines around bad ones always count', async () => {
    const node = await start()
    const line = fc.oneof(
      fc.constantFrom(...BAD).map((text) => ({ text, good: false })),
      fc
        .string({ unit: 'binary', maxLength: 40 })
        .map((text) => ({ text: `x${text.replaceAll('\n', ' ')}`, good: false })),
      fc.nat(9).map((second) => ({ text: event('a', second), good: true })),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 20 }), async (lines) => {
        // A body that begins with a bracket is an array; what comes first decides, so a good line does.
        const body = [event('first', 0), ...lines.map(({ text }) => text)].join('\n')
        const answer = (await node.post(body)).json()
        expect(answer.accepted).toBe(1 + lines.filter(({ good }) => good).length)
      }),
      { numRuns: 200 },
    )
  })

  test('any body at all is answered with 202, 400, 413, 415 or 422, plain or said to be gzip', async () => {
    const node = await start({ config: { maxBodyBytes: 4096 } })
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 6_000 }), fc.boolean(), async (bytes, gzip) => {
        const { statusCode } = await node.post(Buffer.from(bytes), gzip ? { 'content-encoding': 'gzip' } : {})
        expect([202, 400, 413, 415, 422]).toContain(statusCode)
      }),
      { numRuns: 200 },
    )
    expect((await node.post(event('a', 1))).statusCode).toBe(202)
  })

  test('a gzip bomb is refused before it is unpacked, a truncated gzip as unreadable', async () => {
    const node = await start({ config: { maxBodyBytes: 1_000_000 } })
    const gzip = { 'content-encoding': 'gzip' }
    const bomb = gzipSync(Buffer.alloc(200_000_000))
    expect((await node.post(bomb, gzip)).statusCode).toBe(413)
    const whole = gzipSync(Array.from({ length: 500 }, (_, n) => event('a', n % 9)).join('\n'))
    expect((await node.post(whole.subarray(0, whole.length / 2), gzip)).statusCode).toBe(400)
    expect(await accepted(node)).toBe(0)
  })
})

describe('bad connections', () => {
  test('bytes that are no HTTP end that connection and nothing else', async () => {
    const node = await start()
    const port = await listening(node)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        // The zero is for bytes that are line ends alone: those may stand before a request.
        await talk(port, [Buffer.from(bytes), '\r\n\r\n\0\r\n\r\n'], () => true)
      }),
      { numRuns: 50 },
    )
    expect(await talk(port, [post(event('a', 1))], (text) => text.includes('}'))).toMatch(/^HTTP\/1.1 202/)
  })

  test('a request that is aborted in its body accepts nothing', async () => {
    const node = await start()
    const port = await listening(node)
    const socket = connect(port, '127.0.0.1')
    socket.write(post(event('a', 1)).subarray(0, -5))
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.destroy()
    expect(await talk(port, [post(event('b', 1))], (text) => text.includes('}'))).toMatch(/^HTTP\/1.1 202/)
    expect(await accepted(node)).toBe(1)
  })

  test('pipelined requests are each answered, in their order', async () => {
    const node = await start()
    const port = await listening(node)
    const requests = Buffer.concat([post(event('a', 1)), post('7'), post([event('b', 1), event('c', 2)].join('\n'))])
    const answers = await talk(port, [requests], (text) => text.split('"rejected"').length > 3)
    const counts = [...answers.matchAll(/"accepted":(\d+)/g)].map(([, count]) => Number(count))
    expect(counts).toEqual([1, 0, 2])
  })

  test('a body that comes byte by byte is taken whole', async () => {
    const node = await start()
    const port = await listening(node)
    const bytes = [...post(event('slow', 3))].map((byte) => Buffer.from([byte]))
    expect(await talk(port, bytes, (text) => text.includes('}'))).toMatch(/"accepted":1/)
  })

  test('a body larger than it says, or than is taken, does not hurt the next connection', async () => {
    const node = await start({ config: { maxBodyBytes: 2048 } })
    const port = await listening(node)
    const big = await talk(port, [post('x'.repeat(5_000))], (text) => text.includes('\r\n\r\n'))
    expect(big).toMatch(/^HTTP\/1.1 413/)
    await talk(
      port,
      ['POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\nfar too much of it\r\n\r\n'],
      () => true,
    )
    expect(await talk(port, [post(event('a', 1))], (text) => text.includes('}'))).toMatch(/^HTTP\/1.1 202/)
  })
})
