import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { Config } from '../../config/config'
import { UnusableConfig } from '../../config/unusable'
import { readPrivate } from '../../disk/private-data'

export type TlsSettings = Pick<Config, 'tlsCert' | 'tlsKey' | 'tlsClientCa'>

/** What a server needs for TLS, and for asking clients for their certificates. */
export interface Tls extends SecureContextOptions {
  readonly requestCert: boolean
  readonly rejectUnauthorized: boolean
}

/** Reads the files of a configuration; null when it has none. Throws UnusableConfig, which repeats nothing of them. */
export function readTls({ tlsCert, tlsKey, tlsClientCa }: TlsSettings): Tls | null {
  if (tlsCert === undefined || tlsKey === undefined) return null
  const mutual = tlsClientCa !== undefined
  const files = {
    cert: read('tlsCert', () => readFileSync(tlsCert, 'utf8')),
    key: read('tlsKey', () => readPrivate(tlsKey, 'owner and group')),
    ...(mutual ? { ca: read('tlsClientCa', () => readFileSync(tlsClientCa, 'utf8')) } : {}),
    minVersion: 'TLSv1.2',
  } as const
  read('tlsCert, tlsKey or tlsClientCa', () => createSecureContext(files))
  return { ...files, requestCert: mutual, rejectUnauthorized: mutual }
}

function read<T>(setting: string, attempt: () => T): T {
  try {
    return attempt()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UnusableConfig([`the file of ${setting} cannot be used (${code ?? message})`])
  }
}
