// For: the settings of the process.
// In: command line, environment and file.
// Out: one checked configuration, or a message that names what is wrong.

import { z } from 'zod'
import { cloudFields } from './cloud'
import { controllerFields } from './controller'
import { flinkFields } from './flink'
import { intakeFields } from './intake'
import { listeningFields, securityFields } from './listening'
import { observingFields, processFields } from './process'

/** How long things are kept, for people. */
export function retentionInWords({
  retentionHours: hours,
  retentionBytes: bytes,
}: Pick<Config, 'retentionHours' | 'retentionBytes'>): string {
  const age = hours >= 48 ? `${rounded(hours / 24)} days` : `${rounded(hours)} hours`
  return `results, dead letters and corrections are kept for ${age}, results up to ${rounded(bytes / 2 ** 30)} GiB`
}

const rounded = (value: number) => Math.round(value * 100) / 100

export { burstLingerMs, lanesOf, oracleLimitMs, policyTerms } from './controller'
export { intakeLimits } from './intake'

/** Only the controller of a Flink job goes by these. */
export const FLINK_TOPIC = 'A Flink job'

/** The settings by topic, in the order of the help. */
export const TOPICS = {
  'This process': processFields,
  Listening: listeningFields,
  Security: securityFields,
  'When to burst': controllerFields,
  'The cloud half': cloudFields,
  'Events and envelopes': intakeFields,
  Traces: observingFields,
  [FLINK_TOPIC]: flinkFields,
} as const

/**
 * Everything that can be set, with its default and the reason for it. The unit is the end of the name: ms, bytes,
 * dollars per hour.
 */
export const configSchema = z.object({
  ...processFields,
  ...listeningFields,
  ...securityFields,
  ...controllerFields,
  ...cloudFields,
  ...intakeFields,
  ...observingFields,
  ...flinkFields,
})

export type Config = z.infer<typeof configSchema>
export type SettingName = keyof Config & string

/** Names of all settings, in the order of the topics. */
export const SETTINGS = Object.keys(configSchema.shape) as readonly SettingName[]
