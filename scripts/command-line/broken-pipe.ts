import { DONE } from './exit-codes'

/**
 * Ends this process when nobody reads on, as with `| head`: who has read enough wants no stack of an error. Processes
 * that it started end with it.
 */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(DONE)
  })
}
