import { CloudTables } from './cloud-tables'
import type { Context } from './context'
import { EventSource } from './event-source'
import { Functions, VERSION } from './functions'
import { SimStream } from './stream'

/** The stream, the functions behind it, and the tables. */
export class Cloud {
  readonly tables: CloudTables
  readonly functions: Functions
  readonly stream: SimStream

  constructor(context: Context) {
    const { seed, timeline, faults, rules } = context
    this.tables = new CloudTables(seed, faults, rules)
    this.functions = new Functions(context, this.tables)
    const source = new EventSource(context, this.functions)
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
