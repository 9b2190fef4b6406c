import { UnusableConfig } from '../edge-node/config/unusable'
import type { SidecarAddress } from './client'
import { sidecarAddress } from './sidecar-address'

const DEFAULT = 'unix:.spillway/sidecar.sock'
const LOOPBACK = ['127.0.0.1', 'localhost', '::1']

/** Takes `--listen` out of the arguments. Throws UnusableConfig when it is no address of this machine. */
export function listenAddress(args: readonly string[]): {
  readonly listen: SidecarAddress
  readonly rest: readonly string[]
} {
  const at = args.indexOf('--listen')
  if (at < 0) return { listen: addressOf(DEFAULT), rest: args }
  return { listen: addressOf(args[at + 1] ?? ''), rest: [...args.slice(0, at), ...args.slice(at + 2)] }
}

function addressOf(text: string): SidecarAddress {
  const address = sidecarAddress(text)
  if (address !== null && ('path' in address || LOOPBACK.includes(address.host))) return address
  const why = 'nobody is asked who they are, so it listens on this machine alone'
  throw new UnusableConfig([`--listen ${text || '(nothing)'}: give unix:FILE or 127.0.0.1:PORT; ${why}`])
}
