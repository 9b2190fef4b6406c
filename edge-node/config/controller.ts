import type { Lanes } from '../../cloud/deployment'
import type { Consumer } from '../../core/control/cost'
import { POLICY_NAMES } from '../../core/control/policies'
import type { PolicyTerms } from '../../core/control/policy'
import { choice, decimal, text } from './fields'

/** When to burst, and how much. */
export const controllerFields = {
  mode: choice(['auto', 'always', 'never']).default('auto').describe('when to burst'),
  policy: choice(POLICY_NAMES)
    .default('spillway')
    .describe('what decides in mode auto; all but spillway are there to be compared with it'),
  machines: decimal({ min: 1 }).default(1).describe('policy static: how many machines like this one the work is for'),
  oraclePlan: text('the name of a file')
    .optional()
    .describe('policy oracle: file of {"binMs", "shares"}, what will have to burst from the first event on'),
  latencyTargetMs: decimal({ min: 1 })
    .default(1_000)
    .describe('delay that events should stay under: the policy bursts as little as that takes'),
  maxQueueDelayMs: decimal({ min: 1 })
    .optional()
    .describe(
      'queue delay above which envelopes burst; default: what the cloud leaves of the target, 0.5 of it over kinesis with a consumer, 0.8 without, 0.45 by invoke',
    ),
  dwellMs: decimal({ min: 0 })
    .default(10_000)
    .describe(
      'how long the valve stays armed after it was last needed, and then rests, so that the mode does not flap',
    ),
  maxUsdPerHour: decimal({ min: 0 })
    .default(10)
    .describe('dollars that bursting may cost within an hour, without the standing price of the stream'),
  maxDivertShare: decimal({ min: 0 })
    .default(0.5)
    .describe(
      'sealing and sending have to cost less than this share of folding; 0.5, since calls and heads cost as much again',
    ),
}

/**
 * What the cloud takes, from which the policy's terms follow. A stream without a consumer is polled once a second when
 * idle. To a consumer records are pushed, which takes a tenth of a second more than a call. By invoke the cloud takes a
 * quarter of a second, and the promise is 0.6 of the target: the limit, the linger and ingest take 0.5 of it, the rest is
 * for what is misjudged. The less the edge holds, the more of a short spike bursts that it could have done.
 */
const WAY = {
  standard: { leadMs: 1_000, holdShare: 0.8, lingerShare: 0.06 },
  'fan-out': { leadMs: 400, holdShare: 0.5, lingerShare: 0.06 },
  invoke: { leadMs: 300, holdShare: 0.45, lingerShare: 0.03 },
} as const

interface Way {
  readonly transport: 'kinesis' | 'invoke'
}

const wayOf = ({ transport }: Way, consumer: Consumer) => WAY[transport === 'invoke' ? 'invoke' : consumer]

interface Terms extends Way {
  readonly latencyTargetMs: number
  readonly maxQueueDelayMs?: number | undefined
  readonly dwellMs: number
}

/** The terms of the policy under a configuration, with what the stream's records come by. */
export function policyTerms(config: Terms, consumer: Consumer): PolicyTerms {
  const { latencyTargetMs, maxQueueDelayMs, dwellMs } = config
  const { leadMs, holdShare } = wayOf(config, consumer)
  return { latencyTargetMs, maxQueueDelayMs: maxQueueDelayMs ?? latencyTargetMs * holdShare, leadMs, dwellMs }
}

interface Linger extends Way {
  readonly latencyTargetMs: number
  readonly edgeLingerMs: number
  readonly burstLingerMs?: number | undefined
}

/** How long an envelope waits for more events while bursting: a share of the target, and no less than otherwise. */
export function burstLingerMs(config: Linger, consumer: Consumer): number {
  const { latencyTargetMs, edgeLingerMs } = config
  return config.burstLingerMs ?? Math.max(edgeLingerMs, latencyTargetMs * wayOf(config, consumer).lingerShare)
}

/** How long an oracle lets an envelope wait: what its linger leaves of the target, and ingest, which takes no longer. */
export const oracleLimitMs = (config: Linger, consumer: Consumer): number =>
  Math.max(0, config.latencyTargetMs - 2 * burstLingerMs(config, consumer))

/** How many envelopes the cloud can work on side by side: the lanes of the stream, or calls of the function. */
export function lanesOf(config: Way & { readonly maxInvokes: number }, stream: Lanes): number {
  switch (config.transport) {
    case 'kinesis':
      return stream.shards * stream.parallelization
    case 'invoke':
      return config.maxInvokes
  }
}
