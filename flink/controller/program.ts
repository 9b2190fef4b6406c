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
  name: 'spillway controller',
  description:
    'The controller of a Flink job: decides for all of its sidecars when to burst, and shares out calls and money among them.',
  examples: [
    'spillway controller --flink http://127.0.0.1:8081 --sidecars unix:.spillway/sidecar.sock',
    'spillway controller --sidecars 127.0.0.1:7171 --check',
  ],
  exits: '0 done; 1 it cannot start, or --check found who does not answer; 2 wrong usage',
  shows: (setting, topic) => SHOWN_TOPICS.includes(topic) || SHOWN.includes(setting),
  tasks: { check: 'look once whether Flink, the job and all sidecars answer; changes nothing' },
}
