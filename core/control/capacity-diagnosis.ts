import { type Capacity, type CapacityLoad, type CapacityStep, type CapacityTerms, inWords, lanesOf } from './capacity'

/** What limits the cloud half, in words, and what would help: undefined where nothing may be raised. */
export interface Diagnosis {
  readonly kind: 'enough' | 'lanes' | 'shards' | 'functions'
  readonly reason: string
  readonly remedy: CapacityStep | undefined
}

/** Lanes for 1.5 times the rate that has to burst: with too few of them, most of an event's delay is their queue. */
const LANE_HEADROOM = 1.5
/** An envelope that is out for so long waits in a queue: cold starts take less. */
const SLOW_MS = 5_000
/** In which time such a queue should be gone. */
const DRAIN_MS = 10_000
/** Partition keys do not spread evenly: a shard is full before all of them are. */
const FULL_SHARE = 0.8
const SHARD_BYTES_PER_SECOND = 1024 * 1024

/**
 * Names the bottleneck of the cloud half while there is bursting. Functions are looked at first, then shards where
 * there can be more of them, then lanes.
 */
export function diagnose(load: CapacityLoad, capacity: Capacity, terms: CapacityTerms): Diagnosis {
  if (!load.bursting) return enough('nothing bursts')
  if (load.functionThrottles > 0) return functionsThrottled(load)
  const wantedShards = Math.max(shardsFor(load), load.putThrottles > 0 ? capacity.shards + 1 : 0)
  const shards = wantedShards > capacity.shards ? tooFewShards(load, capacity, terms) : undefined
  if (shards?.remedy !== undefined) return shards
  const wantedLanes = lanesFor(load, capacity)
  const lanes = wantedLanes > lanesOf(capacity) ? tooFewLanes(wantedLanes, load, capacity, terms) : undefined
  // what the shards do take needs lanes all the same
  if (shards !== undefined) return lanes?.remedy === undefined ? shards : lanes
  if (lanes !== undefined) return lanes
  return enough(`${count(lanesOf(capacity), 'lane')} for ${whole(load.excessRate)} events/s above what the edge folds`)
}

const enough = (reason: string): Diagnosis => ({ kind: 'enough', reason, remedy: undefined })

function functionsThrottled({ functionThrottles }: CapacityLoad): Diagnosis {
  const reason = `the account's limit of concurrent functions throttles ${whole(functionThrottles)} calls a second: have it raised, more lanes do not help`
  return { kind: 'functions', reason, remedy: undefined }
}

function tooFewShards(load: CapacityLoad, capacity: Capacity, terms: CapacityTerms): Diagnosis {
  const takes = `${count(capacity.shards, 'shard')} take ${capacity.shards} MiB/s`
  const wanted = `${tenths(wantedBytesPerSecond(load) / SHARD_BYTES_PER_SECOND)} MiB/s are wanted`
  const throttled = load.putThrottles > 0 ? `, ${whole(load.putThrottles)} puts a second are throttled` : ''
  const remedy = moreShards(Math.max(shardsFor(load), capacity.shards + 1), capacity, terms)
  return { kind: 'shards', reason: `${takes}, ${wanted}${throttled}: ${adviceOf(remedy, capacity)}`, remedy }
}

function tooFewLanes(lanes: number, load: CapacityLoad, capacity: Capacity, terms: CapacityTerms): Diagnosis {
  const have = count(lanesOf(capacity), 'lane')
  const state =
    load.laneRate > 0
      ? `${have} fold about ${whole(lanesOf(capacity) * load.laneRate)} events/s, ${whole(LANE_HEADROOM * wantedRate(load, capacity))} are needed`
      : `${have} have finished nothing for ${whole(ageMs(load) / 1000)} s`
  const remedy = moreLanes(lanes, capacity, terms)
  return { kind: 'lanes', reason: `${state}: ${adviceOf(remedy, capacity)}`, remedy }
}

/** The lanes of a shard first: they cost nothing and take seconds. */
function moreLanes(lanes: number, capacity: Capacity, terms: CapacityTerms): CapacityStep | undefined {
  const parallelization = Math.min(Math.ceil(lanes / capacity.shards), terms.maxParallelization)
  if (parallelization > capacity.parallelization) return { kind: 'parallelization', to: parallelization }
  return moreShards(Math.ceil(lanes / capacity.parallelization), capacity, terms)
}

/**
 * A provisioned stream is doubled, the most that AWS takes at once: that needs the fewest splits, so it is soonest
 * done.
 */
function moreShards(shards: number, capacity: Capacity, { maxShards }: CapacityTerms): CapacityStep | undefined {
  switch (capacity.stream) {
    case 'provisioned': {
      const to = Math.min(2 * capacity.shards, maxShards)
      return to > capacity.shards ? { kind: 'shards', to } : undefined
    }
    case 'onDemand': {
      const to = Math.min(shards, maxShards)
      return to > Math.max(capacity.shards, capacity.warmMiBps) ? { kind: 'warmThroughput', to } : undefined
    }
  }
}

function lanesFor(load: CapacityLoad, capacity: Capacity): number {
  if (load.laneRate > 0) return Math.ceil((LANE_HEADROOM * wantedRate(load, capacity)) / load.laneRate)
  return isSlow(load) ? 2 * lanesOf(capacity) : 0
}

/**
 * Events per second: what has to burst, and what waits in the cloud where that is more than its lanes do within the
 * latency of one envelope.
 */
function wantedRate(load: CapacityLoad, capacity: Capacity): number {
  const queueMs = (load.inFlightEvents / (lanesOf(capacity) * load.laneRate)) * 1000
  return load.excessRate + (isSlow(load) && queueMs > SLOW_MS ? (load.inFlightEvents / DRAIN_MS) * 1000 : 0)
}

const shardsFor = (load: CapacityLoad) => Math.ceil(wantedBytesPerSecond(load) / (FULL_SHARE * SHARD_BYTES_PER_SECOND))

/** What is sent, or what would be if all that has to burst were. */
function wantedBytesPerSecond({ excessRate, sentRate, sentBytesPerSecond }: CapacityLoad): number {
  return sentRate > 0 ? Math.max(1, excessRate / sentRate) * sentBytesPerSecond : sentBytesPerSecond
}

const ageMs = ({ oldestInFlightMs, iteratorAgeMs = 0 }: CapacityLoad) => Math.max(oldestInFlightMs, iteratorAgeMs)
const isSlow = (load: CapacityLoad) => load.inFlightEvents > 0 && ageMs(load) > SLOW_MS

function adviceOf(step: CapacityStep | undefined, { shards, parallelization }: Capacity): string {
  if (step !== undefined) return `raise ${inWords(step)}`
  return `${count(shards, 'shard')} with a parallelization factor of ${parallelization} are all that is allowed`
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`
const tenths = (number: number) => String(Math.round(number * 10) / 10)
const whole = (number: number) => String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ',')
