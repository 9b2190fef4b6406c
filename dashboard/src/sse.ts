/** One message of a stream of server-sent events. */
export interface SseMessage {
  readonly event: string
  readonly data: string
}

/** Takes the text of a stream piece by piece and gives the messages that are whole; comments are passed over. */
export function sseParser(): (text: string) => SseMessage[] {
  let rest = ''
  return (text) => {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
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
