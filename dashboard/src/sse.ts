/** One message of a stream of server-sent events. */
export interface SseMessage {
  readonly event: string
  readonly data: string
}

const MAX_MESSAGE = 1024 * 1024 // characters; the largest that a node sends has some ten thousand

/**
 * Takes the text of a stream piece by piece and gives the messages that are whole; comments are passed over. Throws
 * when a message does not end: then it is no stream of ours.
 */
export function sseParser(): (text: string) => SseMessage[] {
  let rest = ''
  return (text) => {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
    if (rest.length > MAX_MESSAGE) throw new Error('what the node sends is no stream of events')
    return blocks.flatMap(messageOf)
  }
}

function messageOf(block: string): SseMessage[] {
  let event = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) event = line.slice(7)
    if (line.startsWith('data: ')) data.push(line.slice(6))
  }
  return data.length === 0 ? [] : [{ event, data: data.join('\n') }]
}
