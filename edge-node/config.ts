import { z } from 'zod'
import { cloudFields } from './config/cloud'
import { controllerFields } from './config/controller'
import { flinkFields } from './config/flink'
import { intakeFields } from './config/intake'
import { listeningFields } from './config/listening'
import { observingFields } from './config/observing'
import { processFields } from './config/process'
import { securityFields } from './config/security'

export { burstLingerMs, lanesOf, oracleLimitMs, policyTerms } from './config/controller'
export { intakeLimits } from './config/intake'

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
