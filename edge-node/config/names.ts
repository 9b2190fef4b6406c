import { closest } from 'fastest-levenshtein'
import { SETTINGS, type SettingName } from './config'

const PREFIX = 'SPILLWAY_'

/** `maxQueueDelayMs` as a flag: `--max-queue-delay-ms`. */
export const flagOf = (setting: string) => `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** `maxQueueDelayMs` as a variable: `SPILLWAY_MAX_QUEUE_DELAY_MS`. */
export const variableOf = (setting: string) =>
  PREFIX + setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

export const isOurVariable = (name: string) => name.startsWith(PREFIX)

export const isSetting = (name: string): name is SettingName => SETTINGS.includes(name as SettingName)

/** The setting that a wrong name comes nearest to, however it was written. */
export function nearest(name: string, among: readonly string[] = SETTINGS): string {
  const plain = plainly(name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name)
  const found = closest(plain, among.map(plainly))
  return among.find((setting) => plainly(setting) === found)!
}

const plainly = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/** What a number of this setting counts, by the end of its name; null where it is no measure. */
export function unitOf(setting: string): 'ms' | 'bytes' | 'dollars an hour' | 'a second' | 'share' | null {
  if (setting.endsWith('Ms')) return 'ms'
  if (setting.endsWith('Bytes')) return 'bytes'
  if (setting.endsWith('UsdPerHour')) return 'dollars an hour'
  if (setting.endsWith('PerSecond')) return 'a second'
  return setting.endsWith('Share') ? 'share' : null
}
