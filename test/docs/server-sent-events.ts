/** The data of the first event of each of these names, in their order. Then the stream is closed. */
export async function eventsOf(
  url: string,
  names: readonly string[],
  headers: Record<string, string> = {},
): Promise<unknown[]> {
  const closing = new AbortController()
  const { body } = await fetch(url, { headers, signal: closing.signal })
  const found = new Map<string, unknown>()
  let text = ''
  const decoder = new TextDecoder()
  try {
    for await (const bytes of body!) {
      text += decoder.decode(bytes, { stream: true })
      const events = text.split('\n\n')
      text = events.pop()!
      for (const event of events) note(found, event)
      if (names.every((name) => found.has(name))) break
    }
  } finally {
    closing.abort()
  }
  return names.map((name) => found.get(name))
}

function note(found: Map<string, unknown>, event: string): void {
  const name = /^event: (.*)$/m.exec(event)?.[1]
  const data = /^data: (.*)$/m.exec(event)?.[1]
  if (name !== undefined && data !== undefined && !found.has(name)) found.set(name, JSON.parse(data))
}
