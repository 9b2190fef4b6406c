/**
 * An element's content: text, or child elements in order (the same name may repeat); undefined children are left out.
 */
export type XmlContent = string | ReadonlyArray<readonly [name: string, content: XmlContent | undefined]>

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
}

/** One element as XML text; `attributes` go to it alone. */
export function element(name: string, content: XmlContent, attributes = ''): string {
  return `<${name}${attributes}>${typeof content === 'string' ? escapeXml(content) : content.map(child).join('')}</${name}>`
}

function child([name, content]: readonly [string, XmlContent | undefined]): string {
  return content === undefined ? '' : element(name, content)
}

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
