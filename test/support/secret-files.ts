import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export const TOKENS = {
  ingest: 'ingest-0123456789abcdef0123456789',
  read: 'read-0123456789abcdef0123456789ab',
  admin: 'admin-0123456789abcdef0123456789a',
} as const

/** A header that sends a token. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Writes a list of tokens, one for each scope unless others are given, into a private file; returns its path. */
export async function tokenFile(folder: string, list: unknown = oneForEachScope()): Promise<string> {
  const path = join(folder, 'tokens.json')
  await writeFile(path, JSON.stringify(list), { mode: 0o600 })
  return path
}

const oneForEachScope = () =>
  Object.entries(TOKENS).map(([scope, token]) => ({ name: `the-${scope}`, token, scopes: [scope] }))

export type CertificateName = 'authority.pem' | `${'server' | 'client' | 'stranger'}.${'pem' | 'key'}`

/** Test certificates for localhost, valid for a hundred years; nobody but these tests trusts them. */
export const certificate = (name: CertificateName) => readFile(join(__dirname, 'certificates', name), 'utf8')

/** Puts a certificate and its key where a configuration can name them, the key private. */
export async function certificateFiles(folder: string, name: 'server' | 'stranger' = 'server') {
  const tlsCert = join(folder, `${name}.pem`)
  const tlsKey = join(folder, `${name}.key`)
  await writeFile(tlsCert, await certificate(`${name}.pem`))
  await writeFile(tlsKey, await certificate(`${name}.key`))
  await chmod(tlsKey, 0o600) // also when it was there
  return { tlsCert, tlsKey }
}
