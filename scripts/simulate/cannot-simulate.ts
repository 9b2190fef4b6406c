/** The simulation cannot begin: its message names what was wrong, and says what to do. */
export class CannotSimulate extends Error {
  readonly code = 'cannot_simulate'
}
