import { count } from '../../core/aggregates/count'
import { type Pipeline, pipeline } from '../../core/pipeline/pipeline'
import { tumbling } from '../../core/pipeline/window'

interface PoisonedEvent {
  readonly k: string
  readonly t: number
  readonly poison?: keyof typeof POISON
}

/** Ways in which user code ends a process that means well. */
const POISON = {
  'a forgotten await': () => void Promise.reject(new Error('nobody waited for me')),
  'a timer that throws': () => void setTimeout(() => fail('too late'), 20),
  'an endless loop': () => loopForever(),
  'an exit': () => process.exit(7),
}

export const POISONS = Object.keys(POISON) as (keyof typeof POISON)[]

/** A pipeline that does what its events say. */
export default pipeline({
  name: 'poisoned',
  key: 'k',
  timestamp: { field: 't', unit: 'ms' },
  window: tumbling('10s'),
  outOfOrderness: 0,
  mapTimeout: '300ms',
  map: (event: PoisonedEvent) => {
    if (event.poison !== undefined) POISON[event.poison]()
    return event
  },
  aggregates: { n: count() },
}) as unknown as Pipeline

function fail(reason: string): never {
  throw new Error(reason)
}

function loopForever(): never {
  for (;;);
}
