/** What a token may be for: sending events, looking at things, changing how the node works. */
export const SCOPES = ['ingest', 'read', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** Who may use a route: holders of a scope, or everybody, since it tells nothing that is not public. */
export type Access = Scope | 'open'

interface RouteRule {
  readonly access: Access
  /** The answer goes on until one side ends it. */
  readonly isStream?: boolean
}

/** Every route of the node, once: one that is not named here cannot be added. */
const RULES: Readonly<Record<string, RouteRule>> = {
  'POST /v1/events': { access: 'ingest' },
  'GET /v1/windows': { access: 'read' },
  'GET /v1/stream': { access: 'read', isStream: true },
  'GET /v1/live': { access: 'read', isStream: true },
  'GET /v1/history': { access: 'read' },
  'GET /v1/latest': { access: 'read' },
  'GET /v1/status': { access: 'read' },
  'GET /v1/dead-letters': { access: 'read' },
  'GET /v1/dead-letters/newest': { access: 'read' },
  'GET /v1/corrections': { access: 'read' },
  'GET /metrics': { access: 'read' },
  'POST /v1/burst': { access: 'admin' },
  'POST /v1/dead-letters': { access: 'admin' },
  'POST /v1/replays': { access: 'admin' },
  'GET /healthz': { access: 'open' },
  'GET /readyz': { access: 'open' },
  'GET /openapi.json': { access: 'open' },
  // The page is the same for everybody; what it shows it asks for with the token of who looks at it.
  'GET /': { access: 'open' },
  'GET /*': { access: 'open' },
}

/** What a path takes; nothing where there is no such path. Of a stream there is no HEAD: it would have no end. */
export function methodsOf(path: string): readonly string[] {
  return Object.entries(RULES).flatMap(([key, { isStream = false }]) => {
    const [method, pattern] = key.split(' ') as [string, string]
    if (pattern !== path || pattern.endsWith('*')) return []
    return method === 'GET' && !isStream ? [method, 'HEAD'] : [method]
  })
}

const NO_ROUTE: RouteRule = { access: 'open' } // answered with 404, which tells nothing
const keyOf = (method: string, pattern: string) => `${method === 'HEAD' ? 'GET' : method} ${pattern}`

/**
 * The rule of a route by its pattern, such as `/v1/windows`; undefined: no route was found. Throws for one that nobody
 * thought of.
 */
export function ruleOf(method: string, pattern: string | undefined): RouteRule {
  if (pattern === undefined) return NO_ROUTE
  const rule = RULES[keyOf(method, pattern)]
  if (rule === undefined)
    throw new Error(`${method} ${pattern} has no rule in edge-node/access/routes.ts: who may use it?`)
  return rule
}
