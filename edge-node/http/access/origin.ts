import { isIP } from 'node:net'

/** The name in a Host header or an origin without its port; lower case, without brackets. */
function nameOf(host: string): string {
  return host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
}

/**
 * Whether a Host header names this node: an address, localhost, or one of its names. A page whose own name was pointed
 * at this machine (DNS rebinding) sends that name, and an address cannot be rebound.
 */
export function isOurHost(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined) return false
  const name = nameOf(host)
  return name === 'localhost' || isIP(name) !== 0 || names.some((known) => known.toLowerCase() === name)
}

/** What a browser says about where a request is from; other clients say nothing. */
export interface BrowserHeaders {
  readonly host?: string | undefined
  readonly origin?: string | string[] | undefined
  readonly 'sec-fetch-site'?: string | string[] | undefined
  readonly 'sec-fetch-mode'?: string | string[] | undefined
  readonly 'sec-fetch-dest'?: string | string[] | undefined
}

/**
 * Whether a page of another origin makes this request. A link to here is fine as long as it only reads: the other page
 * cannot see the answer. A frame in that page is not: it takes a connection or a stream unseen.
 */
export function isForeign(method: string, headers: BrowserHeaders): boolean {
  const { host, origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest = 'document' } = headers
  const isReading = method === 'GET' || method === 'HEAD'
  if (isReading && mode === 'navigate' && dest === 'document') return false
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  return origin !== undefined && !isSameHost(String(origin), host)
}

/** The schemes may differ: a proxy before the node can speak TLS for it. */
const isSameHost = (origin: string, host: string | undefined): boolean =>
  URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()
