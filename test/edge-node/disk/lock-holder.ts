/**
 * A process that asks for a data folder: says `held` or the code of its refusal, and keeps what it got until it is told
 * to let go.
 */
import { lockData } from '../../../edge-node/disk/data-lock'

lockData(process.argv[2]!).then(
  (lock) => {
    process.send?.('held')
    process.once('message', () => lock.release().then(() => process.exit(0)))
  },
  (error: { code: string }) => {
    process.send?.(error.code)
    process.exit(0)
  },
)
