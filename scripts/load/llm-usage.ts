import type { LineGenerator } from './line-generator'
import { draws, normal } from './random'

const CONTEXT = { median: 1500, spread: 1.1, max: 128_000 }
const GENERATED = { median: 130, spread: 1, max: 8_192 }

/**
 * Usage of a language model, one line per call: token counts with a long tail (log-normal, cut at the model's limits).
 */
export function llmUsageLines(seed: number): LineGenerator {
  const context = tokens(seed, 'context', CONTEXT)
  const generated = tokens(seed, 'generated', GENERATED)
  return (n, timestampMs) =>
    `{"TIMESTAMP":"${new Date(timestampMs).toISOString()}","ContextTokens":${context(n)},"GeneratedTokens":${generated(n)}}`
}

function tokens(seed: number, purpose: string, tail: typeof CONTEXT): (n: number) => number {
  const radius = draws(seed, `${purpose} radius`)
  const angle = draws(seed, `${purpose} angle`)
  return (n) => {
    const value = Math.round(tail.median * Math.exp(tail.spread * normal(radius(n), angle(n))))
    return Math.min(tail.max, Math.max(1, value))
  }
}
