import { closest, distance } from 'fastest-levenshtein'
import { shortReason } from '../../../core/pipeline/excerpt'

/** Letters that may be wrong in a name that is still taken for a slip of the keyboard. */
const MOST_SLIPS = 2

/**
 * What is wrong with the names in a query, in words, and which ones the route takes; null when it takes all of them.
 * A name that nobody reads would give another answer than was asked for, without a word.
 */
export function unknownParameter(names: readonly string[], allowed: readonly string[], route: string): string | null {
  const unknown = names.find((name) => !allowed.includes(name))
  if (unknown === undefined) return null
  if (allowed.length === 0) return `${route} takes no parameters; leave out "${shortReason(unknown)}"`
  const meant = nearby(unknown, allowed)
  const hint = meant === null ? '' : `; did you mean "${meant}"?`
  return `there is no parameter "${shortReason(unknown)}"${hint}${hint === '' ? ';' : ''} ${route} takes ${allowed.join(', ')}`
}

function nearby(name: string, allowed: readonly string[]): string | null {
  const plain = name.toLowerCase()
  const found = closest(plain, [...allowed])
  // Of a short name, two letters are most of it.
  return distance(plain, found) < Math.min(MOST_SLIPS + 1, found.length) ? found : null
}

/** What a token may be for: sending events, looking at things, changing how the node works. */
export const SCOPES = ['ingest', 'read', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** Who may use a route: holders of a scope, or everybody, since it tells nothing that is not public. */
export type Access = Scope | 'open'

interface RouteRule {
  readonly access: Access
  /** The answer goes on until one side ends it. */
  readonly isStream?: boolean
  /** Names that its query may have; none unless said. `any`: nobody reads it. */
  readonly query?: readonly string[] | 'any'
}

/** Every route of the node, once: one that is not named here cannot be added. */
const ROUTES = {
  'POST /v1/events': { access: 'ingest' },
  'GET /v1/windows': { access: 'read', query: ['from', 'to', 'key', 'limit', 'cursor'] },
  'GET /v1/stream': { access: 'read', isStream: true, query: ['from'] },
  'GET /v1/live': { access: 'read', isStream: true },
  'GET /v1/history': { access: 'read' },
  'GET /v1/latest': { access: 'read', query: ['search', 'limit'] },
  'GET /v1/status': { access: 'read' },
  'GET /v1/dead-letters': { access: 'read', query: ['code', 'limit', 'cursor'] },
  'GET /v1/dead-letters/newest': { access: 'read' },
  'GET /v1/corrections': { access: 'read', query: ['limit', 'cursor'] },
  'GET /metrics': { access: 'read' },
  'POST /v1/burst': { access: 'admin' },
  'POST /v1/dead-letters': { access: 'admin' },
  'POST /v1/replays': { access: 'admin' },
  'GET /healthz': { access: 'open' },
  'GET /readyz': { access: 'open' },
  'GET /openapi.json': { access: 'open' },
  // The page is the same for everybody; what it shows it asks for with the token of who looks at it.
  'GET /': { access: 'open' },
  // Its files, and what is no path at all: that is answered with 404, whatever its query.
  'GET /*': { access: 'open', query: 'any' },
} as const satisfies Readonly<Record<string, RouteRule>>

const RULES: Readonly<Record<string, RouteRule>> = ROUTES

type QueryOf<Rule> = Rule extends { readonly query: readonly (infer Name extends string)[] } ? Name : never

/** The names that the query of a route may have: what reads the query has to read each of them, and no other. */
export type QueryName<Route extends keyof typeof ROUTES> = QueryOf<(typeof ROUTES)[Route]>

/** What a path takes; nothing where there is no such path. Of a stream there is no HEAD: it would have no end. */
export function methodsOf(path: string): readonly string[] {
  return Object.entries(RULES).flatMap(([key, { isStream = false }]) => {
    const [method, pattern] = key.split(' ') as [string, string]
    if (pattern !== path || pattern.endsWith('*')) return []
    return method === 'GET' && !isStream ? [method, 'HEAD'] : [method]
  })
}

const NO_ROUTE: RouteRule = { access: 'open', query: 'any' } // answered with 404, which tells nothing
const keyOf = (method: string, pattern: string) => `${method === 'HEAD' ? 'GET' : method} ${pattern}`

/**
 * The rule of a route by its pattern, such as `/v1/windows`; undefined: no route was found. Throws for one that nobody
 * thought of.
 */
export function ruleOf(method: string, pattern: string | undefined): RouteRule {
  if (pattern === undefined) return NO_ROUTE
  const rule = RULES[keyOf(method, pattern)]
  if (rule === undefined)
    throw new Error(`${method} ${pattern} has no rule in edge-node/http/access/routes.ts: who may use it?`)
  return rule
}
