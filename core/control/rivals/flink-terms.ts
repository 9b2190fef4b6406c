/**
 * Settings of the autoscaler of the Flink Kubernetes operator, each named as its option `job.autoscaler.*`, see
 * https://nightlies.apache.org/flink/flink-kubernetes-operator-docs-main/docs/operations/configuration/.
 */
export interface FlinkTerms {
  /** `utilization.target`, formerly `target.utilization`. */
  readonly utilizationTarget: number
  /**
   * `utilization.max` and `utilization.min`: by default 0.3 above and below the target, which was
   * `target.utilization.boundary`.
   */
  readonly utilizationMax: number
  readonly utilizationMin: number
  /** `metrics.window`: averages are taken over it, and nothing is decided before it is full. */
  readonly metricsWindowMs: number
  /** `stabilization.interval`: nothing is measured or decided for so long after a start. */
  readonly stabilizationMs: number
  /** `restart.time`: how long a restart is expected to take. */
  readonly restartMs: number
  /** `catch-up.duration`: the backlog is to be processed within it; 0 leaves it out of account. */
  readonly catchUpMs: number
  /** `backlog-processing.lag-threshold`: behind by more than this, it lets the job catch up. */
  readonly lagThresholdMs: number
  /** `scale-down.interval`: how long fewer machines have to be enough before they are taken away. */
  readonly scaleDownIntervalMs: number
  /** `scale-down.max-factor`: the largest share of the machines that is taken away at once. */
  readonly scaleDownMaxFactor: number
  /** `vertex.max-parallelism`. */
  readonly maxMachines: number
  /** `kubernetes.operator.reconcile.interval`: how often it looks. */
  readonly reconcileMs: number
}

const MINUTE_MS = 60_000

/** The documented defaults (operator 1.12). */
export const FLINK_DEFAULTS: FlinkTerms = {
  utilizationTarget: 0.7,
  utilizationMax: 1.0,
  utilizationMin: 0.4,
  metricsWindowMs: 15 * MINUTE_MS,
  stabilizationMs: 5 * MINUTE_MS,
  restartMs: 5 * MINUTE_MS,
  catchUpMs: 30 * MINUTE_MS,
  lagThresholdMs: 5 * MINUTE_MS,
  scaleDownIntervalMs: 60 * MINUTE_MS,
  scaleDownMaxFactor: 0.6,
  maxMachines: 200,
  reconcileMs: MINUTE_MS,
}

/** The faster settings of the documentation's own example. */
export const FLINK_EXAMPLE: FlinkTerms = {
  ...FLINK_DEFAULTS,
  utilizationTarget: 0.6,
  utilizationMax: 0.8,
  utilizationMin: 0.4,
  metricsWindowMs: 5 * MINUTE_MS,
  stabilizationMs: MINUTE_MS,
  restartMs: 2 * MINUTE_MS,
  catchUpMs: 5 * MINUTE_MS,
}

/**
 * How long the job stands still while it is restarted with other machines: savepoint, new pods, restore. It is a tenth
 * of the documented `restart.time`, an assumption in the rival's favour.
 */
export const RESTART_MS = 30_000
