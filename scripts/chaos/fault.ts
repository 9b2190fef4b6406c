/** What the fault proxy can do to a request, besides passing it on. */
export const FAULT_KINDS = [
  'latency',
  'reset',
  'server-error',
  'throttle',
  'partial',
  'half-open',
  'lost-response',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/**
 * What happens to one request. `latency`: it is passed on later. `reset`: the connection is reset and the request has
 * no effect. `server-error`, `throttle`: answered as AWS does when it fails or is asked too much. `partial`: a batch of
 * which some entries are turned away inside a success; `pick` in [0, 1) says which. `half-open`: taken and never
 * answered, for `holdMs` at most. `lost-response`: it takes effect, and the connection is reset in place of the answer.
 */
export type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'latency'; readonly delayMs: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'server-error' }
  | { readonly kind: 'throttle' }
  | { readonly kind: 'partial'; readonly pick: number }
  | { readonly kind: 'half-open'; readonly holdMs: number }
  | { readonly kind: 'lost-response' }
