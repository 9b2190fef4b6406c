import { type Config, configSchema } from '../../edge-node/config/config'
import type { FaultKind } from './faults'
import { Random } from './random'

/**
 * What a seed makes of the world before any fault: the pipeline's times, the limits of the controller, the size of the
 * load. All times in ms.
 */
export interface Scenario {
  readonly sliding: boolean
  readonly sizeMs: number
  readonly slideMs: number
  readonly allowedLatenessMs: number
  readonly outOfOrdernessMs: number
  readonly mapConcurrency: number
  /** Some events become hundreds of groups, so that partials need chunks. */
  readonly wide: boolean
  readonly requests: number
  /** How long faults last and requests come. */
  readonly durationMs: number
  /** Share of events whose `map` has to wait. */
  readonly napShare: number
  /** Share of events whose `map` fails now and then. */
  readonly flakyShare: number
  /** Share of events that end the process which folds them. */
  readonly deadlyShare: number
  /** The longest that a write to the disk takes. */
  readonly diskMs: number
  readonly lanes: number
  /** How long results are kept. */
  readonly retentionMs: number
  /** Envelopes that one call merges. */
  readonly runEnvelopes: number
  /** Partials of runs that one call joins. */
  readonly runParts: number
  readonly maxBatch: number
  /** Kinds of fault that strike more often. */
  readonly favoured: ReadonlySet<FaultKind>
  readonly config: Config
}

const DEFAULTS = configSchema.parse({})

const INVOKE_SHARE = 0.4 // of the plain worlds; themes were made for the stream

export function scenarioOf(seed: number): Scenario {
  const random = new Random(seed, 'scenario')
  const plain = plainOf(random)
  const runEnvelopes = new Random(seed, 'runs').pick([1, 2, 5, 5_000, 5_000])
  const runParts = new Random(seed, 'parts of runs').pick([2, 25])
  const retentionMs = new Random(seed, 'retention').pick([
    200,
    1_500,
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ])
  return { ...themed(seed, random, plain), runEnvelopes, runParts, retentionMs }
}

function themed(seed: number, random: Random, plain: Scenario): Scenario {
  const theme = random.between(0, 99)
  if (theme < 4) return racing(plain)
  if (theme < 14) return forking(plain)
  if (theme < 24) return recalling(plain)
  const deadlyShare = new Random(seed, 'deadly').pick([0, 0, 0, 0.02, 0.08])
  const deadly = { ...plain, deadlyShare }
  return new Random(seed, 'transport').chance(INVOKE_SHARE) ? calling(deadly) : deadly
}

/** Envelopes go by calls of the function. */
const calling = (plain: Scenario): Scenario => ({
  ...plain,
  config: { ...plain.config, transport: 'invoke', maxInvokes: plain.lanes },
})

function plainOf(random: Random): Scenario {
  const sliding = random.chance(0.5)
  const slideMs = random.pick([200, 500, 1_000])
  return {
    sliding,
    slideMs,
    sizeMs: sliding ? slideMs * random.pick([2, 2.5, 3]) : slideMs * random.pick([1, 2, 4]),
    allowedLatenessMs: random.pick([0, 0, 100, 400]),
    outOfOrdernessMs: random.pick([0, 100, 400]),
    mapConcurrency: random.pick([1, 2, 64]),
    wide: false,
    requests: random.between(5, 20),
    durationMs: random.between(2_000, 5_000),
    napShare: random.pick([0, 0.1, 0.3, 0.6]),
    flakyShare: random.pick([0, 0, 0.3]),
    deadlyShare: 0,
    diskMs: random.pick([1, 5, 5, 80]),
    lanes: random.between(1, 4),
    retentionMs: Number.POSITIVE_INFINITY,
    runEnvelopes: 5_000,
    runParts: 25,
    maxBatch: random.pick([1, 3, 10]),
    favoured: new Set(),
    config: configOf(random),
  }
}

/** Large partials, and several attempts at each: what needs chunks, and may mix them up. */
const racing = (plain: Scenario): Scenario => ({
  ...plain,
  wide: true,
  sliding: false,
  slideMs: 1_000,
  sizeMs: 2_000,
  mapConcurrency: 64,
  requests: 6,
  favoured: new Set<FaultKind>(['batch redelivered', 'function runs on after its timeout']),
  config: { ...plain.config, mode: 'always', maxEnvelopeBytes: 1_000, maxGroups: DEFAULTS.maxGroups },
})

/** Another history under the same incarnation, in which old windows have other contents. */
const forking = (plain: Scenario): Scenario => ({
  ...plain,
  sliding: false,
  slideMs: 1_000,
  sizeMs: 2_000,
  favoured: new Set<FaultKind>(['old copy restored']),
  config: { ...plain.config, mode: 'always', maxInFlightEnvelopes: 100, idleTimeoutMs: 300 },
})

/**
 * Envelopes in several windows that the cloud will not merge, and a `map` that changes its mind when they are folded
 * again.
 */
const recalling = (plain: Scenario): Scenario => ({
  ...plain,
  sliding: true,
  slideMs: 200,
  sizeMs: 600,
  flakyShare: 0.3,
  diskMs: 200,
  favoured: new Set<FaultKind>([
    'function of another version',
    'merge request lost',
    'merge response lost',
    'edge crashes',
  ]),
  config: { ...plain.config, mode: 'always', maxInFlightEnvelopes: 100 },
})

function configOf(random: Random): Config {
  return {
    ...DEFAULTS,
    mode: random.pick(['auto', 'auto', 'always', 'always', 'never']),
    workers: random.between(1, 3),
    maxQueueDelayMs: random.pick([1, 10, 100]),
    edgeLingerMs: random.pick([0, 10]),
    burstLingerMs: random.pick([0, 60, 300]),
    maxEnvelopeBytes: random.pick([80, 300, 1_000]),
    maxBacklogBytes: random.pick([200, 1_000, 1_000_000, 1_000_000]),
    maxInFlightEnvelopes: random.pick([1, 3, 100, 100]),
    maxInFlightBytes: random.pick([500, 1_000_000, 1_000_000]),
    reclaimAfterMs: random.pick([300, 1_000, 2_500]),
    headPollMs: random.pick([80, 150, 300]),
    idleTimeoutMs: random.pick([300, 600, 1_200]),
    checkpointEveryMs: random.pick([100, 400, 1_500]),
    maxFutureSkewMs: random.pick([500, 5_000]),
    maxOpenPanes: random.pick([3, 1_000, 1_000]),
    maxGroups: random.chance(0.1) ? 8 : DEFAULTS.maxGroups,
  }
}
