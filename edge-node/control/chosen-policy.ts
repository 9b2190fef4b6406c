import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Consumer } from '../../core/control/cost'
import { policyNamed, type RunningPolicy } from '../../core/control/policies'
import type { PolicyTerms } from '../../core/control/policy'
import type { OraclePlan } from '../../core/control/rivals/oracle'
import { type Config, oracleLimitMs, policyTerms } from '../config/config'

/** The configuration names something that is not there, or that cannot be used. Not retryable. */
export class BadConfig extends Error {
  readonly code = 'bad_config'
  readonly retryable = false
}

const sharePlan = z.object({ binMs: z.number().positive(), shares: z.array(z.number().min(0).max(1)).max(1_000_000) })

/**
 * The policy that the configuration names, with what that one has to be told. Rejects with BadConfig when its plan
 * cannot be read.
 */
export async function chosenPolicy(config: Config, consumer: () => Consumer): Promise<RunningPolicy> {
  const plan =
    config.oraclePlan === undefined ? undefined : await readPlan(config.oraclePlan, oracleLimitMs(config, consumer()))
  return policyNamed(config.policy, liveTerms(config, consumer), { machines: config.machines, plan })
}

/** Terms that follow the consumer: a deployment may change it under a node that runs. */
function liveTerms(config: Config, consumer: () => Consumer): PolicyTerms {
  const now = () => policyTerms(config, consumer())
  return {
    latencyTargetMs: config.latencyTargetMs,
    dwellMs: config.dwellMs,
    get maxQueueDelayMs() {
      return now().maxQueueDelayMs
    },
    get leadMs() {
      return now().leadMs
    },
  }
}

async function readPlan(file: string, limitMs: number): Promise<OraclePlan> {
  try {
    return { ...sharePlan.parse(JSON.parse(await readFile(file, 'utf8'))), limitMs }
  } catch (error) {
    throw new BadConfig(`oraclePlan ${file} is not {"binMs": ms, "shares": [0 to 1, ...]}: ${(error as Error).message}`)
  }
}
