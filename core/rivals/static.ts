import type { Policy } from '../running-policy'

/** Over-provisioning: so many machines, whatever comes. RangeError unless `machines` is a number of 1 or more. */
export function staticMachines(machines: number): Policy<null> {
  if (!(machines >= 1 && Number.isFinite(machines))) {
    throw new RangeError(`a static policy needs at least 1 machine, not ${machines}`)
  }
  const intent = {
    plan: { kind: 'machines', machines },
    bursting: machines > 1,
    prewarm: machines > 1,
    reason: `always ${machines} machine(s)`,
  } as const
  return { start: null, decide: (state) => [state, intent] }
}
