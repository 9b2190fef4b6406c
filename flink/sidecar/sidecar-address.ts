import type { SidecarAddress } from './client'

/** `unix:FILE` or `HOST:PORT`, an IPv6 address in brackets; null when it is neither. */
export function sidecarAddress(text: string): SidecarAddress | null {
  if (text.startsWith('unix:') && text.length > 'unix:'.length) return { path: text.slice('unix:'.length) }
  const [, host = '', port] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  return host === '' || Number(port) > 65_535 ? null : { host: host.replace(/[[\]]/g, ''), port: Number(port) }
}
