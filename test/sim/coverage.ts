/** What a world came through besides its faults; each must occur often enough, or the world has stopped testing it. */
export const SITUATIONS = [
  'a line was rejected',
  'an event was late',
  'an event was partly late',
  'an event became a dead letter',
  'an event became a dead letter after a window had counted it',
  'a request was refused with 429',
  'a request came while too many keys were held',
  'a request came while too many panes were open',
  'an answer was repeated',
  'a window closed by idleness',
  'a window became final at the edge alone',
  'a window became final with burst alone',
  'a window became final from both halves',
  'an envelope was reclaimed after its deadline',
  'an envelope was reclaimed for a refusal',
  'an envelope was reclaimed for a foreign head under its number',
  'an envelope was reclaimed because the stream did not take it',
  'an envelope was reclaimed because the function could not be called',
  'a head was written after its envelope was reclaimed',
  'two attempts at one envelope wrote a head',
  'a partial was chunked',
  'an event ended the edge',
  'an event ended a function',
  'an envelope was reclaimed since it would have ended a function',
  'an envelope was folded apart',
  'a crash left a torn tail',
  'a crash came while an envelope was in the cloud',
  'a crash came while a window was being finished',
  'a restart found open windows',
  'a restart found uncut events',
  'a restart took up a checkpoint',
  'a restart found the newest checkpoint damaged',
  'a start on a damaged log was refused',
  'retention took windows away',
  'a second start was refused',
  'a merge was tried again',
  'a run of envelopes was merged',
  'runs were joined into one',
  'a merge found a part missing',
  'envelopes were recalled from a window',
  'a candidate of another accepted set stood in the way',
  'the cloud was found to be away',
  'a candidate of an earlier merge was adopted',
  'the cloud showed a window as final',
  'the bursting mode was switched',
] as const

export type Situation = (typeof SITUATIONS)[number]

/** How often something happened. */
export class Coverage {
  readonly counts = new Map<string, number>()

  seen(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times)
  }

  add(other: Coverage): void {
    for (const [what, times] of other.counts) this.seen(what, times)
  }

  of(what: string): number {
    return this.counts.get(what) ?? 0
  }
}
