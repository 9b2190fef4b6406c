import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** A function that never ends its line must not fill the cloud's memory; CloudWatch cuts at 256 KB too. */
const MAX_LINE_CHARACTERS = 256 * 1024

/** Calls `onLine` for every line of a stream; the last one needs no line break. */
export function forEachLine(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    lines.forEach(onLine)
    if (rest.length <= MAX_LINE_CHARACTERS) return
    onLine(rest)
    rest = ''
  })
  stream.on('end', () => {
    if (rest !== '') onLine(rest)
  })
}
