import { type BrowserHeaders, isForeign, isOurHost } from './origin'
import type { Access } from './routes'
import type { Holder } from './tokens'

/** Why a request is turned away before anything of it is read. */
export interface Refusal {
  readonly status: 401 | 403 | 421
  readonly code: 'no_token' | 'unknown_token' | 'missing_scope' | 'foreign_origin' | 'unknown_host'
  readonly message: string
}

/** What is looked at. */
export interface Visit {
  readonly method: string
  readonly headers: BrowserHeaders & { readonly authorization?: string | undefined }
  readonly access: Access
}

/** Whether a request is meant for this node, and comes from a program or from a page of its own. */
export function strayOf({ method, headers }: Visit, hostNames: readonly string[]): Refusal | null {
  if (!isOurHost(headers.host, hostNames)) {
    const message = 'this node is not called that; start it with --host-name NAME if it is'
    return { status: 421, code: 'unknown_host', message }
  }
  if (!isForeign(method, headers)) return null
  const message = 'a page of another origin cannot use this node; its own page and programs can'
  return { status: 403, code: 'foreign_origin', message }
}

/** Whether who sends it may; `asks` is false on a node without tokens. */
export function strangerOf({ headers, access }: Visit, asks: boolean, holder: Holder | null): Refusal | null {
  if (!asks || access === 'open' || holder?.scopes.includes(access)) return null
  if (holder !== null) {
    const message = `the token ${holder.name} has no scope ${access}; it has ${holder.scopes.join(', ')}`
    return { status: 403, code: 'missing_scope', message }
  }
  if (headers.authorization === undefined)
    return { status: 401, code: 'no_token', message: `send "Authorization: Bearer TOKEN", of scope ${access}` }
  return { status: 401, code: 'unknown_token', message: 'the token is not among those of this node' }
}
