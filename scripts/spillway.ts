#!/usr/bin/env node
/** The command line: `spillway <command> [options]`. What the commands are says `commands.ts`. */
import { endWithReader } from './command-line/broken-pipe'
import { dispatch } from './dispatch'

endWithReader()

// By an exit of its own: what was under way when a run was interrupted would start what is still to come. Only when
// all was printed: where standard output is a pipe, some systems write it later.
dispatch(process.argv.slice(2)).then((code) => process.stdout.write('', () => process.exit(code)))
