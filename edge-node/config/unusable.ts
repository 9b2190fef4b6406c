/** The configuration cannot be used; each problem says where it came from and what is expected. Not retryable. */
export class UnusableConfig extends Error {
  readonly code = 'unusable_config'
  readonly retryable = false
  constructor(readonly problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
  }
}

/** A flag that is none: wrong usage, also where it is the settings that are looked at. */
export class UnknownFlag extends UnusableConfig {}
