import type { PolicyTerms } from '../../core/policy'

/** The terms of each transport at a target of one second. */
export const TERMS: Record<'kinesis' | 'invoke', PolicyTerms> = {
  kinesis: { latencyTargetMs: 1_000, maxQueueDelayMs: 800, leadMs: 1_000, dwellMs: 10_000 },
  invoke: { latencyTargetMs: 1_000, maxQueueDelayMs: 420, leadMs: 300, dwellMs: 10_000 },
}
