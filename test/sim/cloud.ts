import { CloudTables } from './cloud-tables'
import { EventSource } from './event-source'
import { Functions, VERSION } from './functions'
import { SimStream } from './stream'
import type { World } from './world'

/** The stream, the functions behind it, and the tables. */
export class Cloud {
  readonly tables: CloudTables
  readonly functions: Functions
  readonly stream: SimStream

  constructor(world: World) {
    const { seed, timeline, faults, rules } = world
    this.tables = new CloudTables(seed, faults, rules)
    this.functions = new Functions(world, this.tables)
    const source = new EventSource(world, this.functions)
    this.stream = new SimStream(seed, timeline, faults, rules, (lane, record) => source.take(lane, record))
  }

  setAway(isAway: boolean): void {
    this.tables.away = isAway
    this.stream.away = isAway
    this.functions.away = isAway
  }

  heal(): void {
    this.setAway(false)
    this.functions.version = VERSION
    this.functions.clockSkewMs = 0
  }
}
