import { UnusableConfig } from '../../edge-node/config/unusable'
import type { SidecarAddress } from './client'
import { sidecarAddress } from './client'

const DEFAULT = 'unix:.spillway/sidecar.sock'
const LOOPBACK = ['127.0.0.1', 'localhost', '::1']

/** What the command line of a sidecar has beside the settings of the edge node. */
export interface OwnOptions {
  readonly listen: SidecarAddress
  /** It is to end with whoever holds its standard input: the TaskManager that started it. */
  readonly endsWithStdin: boolean
  readonly rest: readonly string[]
}

/** Takes its own options out of the arguments. Throws UnusableConfig when `--listen` is no address of this machine. */
export function ownOptions(args: readonly string[]): OwnOptions {
  const rest = args.filter((arg) => arg !== '--until-stdin-ends')
  const endsWithStdin = rest.length < args.length
  const at = rest.indexOf('--listen')
  if (at < 0) return { listen: addressOf(DEFAULT), endsWithStdin, rest }
  const listen = addressOf(rest[at + 1] ?? '')
  return { listen, endsWithStdin, rest: [...rest.slice(0, at), ...rest.slice(at + 2)] }
}

function addressOf(text: string): SidecarAddress {
  const address = sidecarAddress(text)
  if (address !== null && ('path' in address || LOOPBACK.includes(address.host))) return address
  const why = 'nobody is asked who they are, so it listens on this machine alone'
  throw new UnusableConfig([`--listen ${text || '(nothing)'}: give unix:FILE or 127.0.0.1:PORT; ${why}`])
}
