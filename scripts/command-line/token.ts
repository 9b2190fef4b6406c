import { Option } from 'commander'

/** `--token`, or SPILLWAY_TOKEN: a command line can be read by others on the machine, an environment cannot. */
export const tokenOption = (scope: 'ingest' | 'read' | 'read and admin') =>
  new Option('--token <token>', `token of scope ${scope}, when the edge node asks for one`).env('SPILLWAY_TOKEN')

/** The header that sends a token; none without one. */
export const authorization = (token: string | undefined): { readonly authorization?: string } =>
  token === undefined ? {} : { authorization: `Bearer ${token}` }
