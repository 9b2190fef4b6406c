import { describe, expect, test } from '@jest/globals'
import { LiveReader } from '../../../edge-node/http/live'

/** A socket that is full after so many writes, until it is drained. */
function outlet(room: number) {
  const written: string[] = []
  let listener = () => {}
  return {
    written,
    write: (text: string) => written.push(text) < room,
    once: (_event: 'drain', drained: () => void) => {
      listener = drained
    },
    end: () => {},
    drain: (more: number) => {
      room = written.length + more
      listener()
    },
  }
}

describe('a reader of the live feed', () => {
  test('gets each event in its order while there is room', () => {
    const socket = outlet(10)
    const reader = new LiveReader(socket)
    reader.send('sample', '[1]')
    reader.send('sample', '[2]')
    expect(socket.written).toEqual(['event: sample\ndata: [1]\n\n', 'event: sample\ndata: [2]\n\n'])
  })

  test('that is slow gets the newest of each name once it has room, and nothing queues up', () => {
    const socket = outlet(1)
    const reader = new LiveReader(socket)
    for (let at = 0; at < 1_000; at++) reader.send('sample', `[${at}]`)
    reader.send('windows', '{}')
    expect(socket.written).toHaveLength(1)
    socket.drain(10)
    expect(socket.written.slice(1)).toEqual(['event: sample\ndata: [999]\n\n', 'event: windows\ndata: {}\n\n'])
  })

  test('that is full again in between keeps the rest for later', () => {
    const socket = outlet(1)
    const reader = new LiveReader(socket)
    for (const name of ['fields', 'sample', 'windows'] as const) reader.send(name, '0')
    socket.drain(1)
    expect(socket.written).toHaveLength(2)
    socket.drain(5)
    expect(socket.written).toHaveLength(3)
  })
})
