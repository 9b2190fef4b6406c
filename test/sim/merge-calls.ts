import { InvokeFailed } from '../../cloud/functions'
import type { Manifest, RunOrder } from '../../core/protocol/protocol'
import type { MergeCloud } from '../../edge-node/closing/merger'
import type { Context } from './context'
import type { Cloud } from './event-source'
import type { Functions } from './functions'
import type { SimProcess } from './process'

/**
 * The merge function as a process of the edge calls it: calls get lost, and so do answers, and some calls are made
 * twice.
 */
export function mergeCalls(
  context: Context,
  { functions }: Cloud,
  process: SimProcess,
  onCall: () => void,
): MergeCloud['merge'] {
  return {
    invoke: (manifest) => {
      onCall()
      return invoke(context, functions, process, manifest as Manifest | RunOrder)
    },
  }
}

function invoke(
  context: Context,
  functions: Functions,
  process: SimProcess,
  request: Manifest | RunOrder,
): Promise<unknown> {
  const { faults, timeline, rules, observer } = context
  const random = context.randomOf('merge calls')
  if ('run' in request) observer.saw(request.parts ? 'runs were joined into one' : 'a run of envelopes was merged')
  else rules.merges(request)
  const isLost = faults.strikes('merge request lost')
  const isUnanswered = faults.strikes('merge response lost')
  const isDoubled = faults.strikes('merge called twice')
  return new Promise((resolve, reject) => {
    const back = (hear: () => void) => process.after(random.between(1, 20), hear)
    const unreachable = () => reject(new InvokeFailed('unreachable', 'merge', 'no answer'))
    if (isLost) return process.after(random.between(50, 500), unreachable)
    timeline.after(random.between(1, 20), () => {
      const sent = JSON.parse(JSON.stringify(request)) as Manifest | RunOrder
      if (isDoubled) void functions.merge(sent).catch(() => undefined)
      functions.merge(sent).then(
        (answer) => {
          observer.merged(request.endMs, answer, isUnanswered)
          back(() => (isUnanswered ? unreachable() : resolve(answer)))
        },
        (error) => back(() => reject(failureOf(error))),
      )
    })
  })
}

const failureOf = (error: unknown) =>
  String(error).includes('unreachable')
    ? new InvokeFailed('unreachable', 'merge', String(error))
    : new InvokeFailed('function_error', 'merge', String(error))
