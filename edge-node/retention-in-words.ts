import type { Config } from './config'

/** How long things are kept, for people. */
export function retentionInWords({
  retentionHours: hours,
  retentionBytes: bytes,
}: Pick<Config, 'retentionHours' | 'retentionBytes'>): string {
  const age = hours >= 48 ? `${rounded(hours / 24)} days` : `${rounded(hours)} hours`
  return `results, dead letters and corrections are kept for ${age}, results up to ${rounded(bytes / 2 ** 30)} GiB`
}

const rounded = (value: number) => Math.round(value * 100) / 100
