/** A process that loads a project's `clicks` and prints where its `map` throws for each event of the arguments. */
import { join } from 'node:path'
import { BadPipeline, loadProgram } from '../../program/program'
import { thrownAt } from '../../program/thrown-at'

const [folder = '', ...hows] = process.argv.slice(2)

function placeFor(how: string): string | null {
  try {
    loadProgram('clicks', folder, join(folder, 'kept')).pipeline.map?.({ how }, { timestampMs: 0 })
    return 'nothing was thrown'
  } catch (error) {
    if (error instanceof BadPipeline) return error.message.split(': ')[0]!
    thrownAt(error, folder)
    return thrownAt(error, folder) // again: one error may be thrown for many events
  }
}

console.log(JSON.stringify(hows.map(placeFor)))
