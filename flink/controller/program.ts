import type { Program } from '../../edge-node/config/command-line'
import { FLINK_TOPIC, type SettingName } from '../../edge-node/config/config'

const SHOWN_TOPICS = [FLINK_TOPIC, 'Listening', 'Security']
const SHOWN: readonly SettingName[] = [
  ...([
    'pipeline',
    'logLevel',
    'mode',
    'policy',
    'machines',
    'oraclePlan',
    'latencyTargetMs',
    'maxQueueDelayMs',
  ] as const),
  ...(['dwellMs', 'maxUsdPerHour', 'transport', 'maxInvokes'] as const),
]

/** The controller of a job as its help shows it. */
export const JOB_CONTROLLER: Program = {
  name: 'npm run controller --',
  description:
    'The controller of a Flink job: decides for all of its sidecars when to burst, and shares out calls and money among them.',
  shows: (setting, topic) => SHOWN_TOPICS.includes(topic) || SHOWN.includes(setting),
  tasks: { check: 'look once whether Flink, the job and all sidecars answer; changes nothing' },
}
