import { once } from 'node:events'
import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, resolve } from 'node:path'
import { BadPipeline, type Program } from '../../program/program'
import type { Config } from '../config/config'
import { UnusableConfig } from '../config/unusable'
import { isHeld } from '../disk/data-lock'
import { privacyOf } from '../disk/private-data'
import { readTls } from '../http/access/tls'
import { readTokens, UnusableTokens } from '../http/access/tokens'
import { type Finding, ok, problem } from './finding'

/** Looks at what this machine has to have; starts and changes nothing. */
export async function inspectMachine(config: Config, program: Program | BadPipeline): Promise<Finding[]> {
  return [
    pipelineFinding(program),
    await dataFinding(config),
    await portFinding(config),
    tokensFinding(config),
    tlsFinding(config),
  ]
}

function pipelineFinding(program: Program | BadPipeline): Finding {
  return program instanceof BadPipeline
    ? problem('pipeline', program.message, 'correct it, or choose another one with --pipeline')
    : ok('pipeline', `${program.pipeline.name}, version ${program.version}`)
}

async function dataFinding({ dataDir, reservedDiskBytes }: Config): Promise<Finding> {
  const what = 'data directory'
  const path = resolve(dataDir)
  const existing = await nearestExisting(path)
  if (!(await stat(existing)).isDirectory())
    return problem(what, `${existing} is a file, and no folder`, 'move it away, or choose another --data-dir')
  const privacy = await privacyOf(dataDir)
  if (privacy === 'foreign')
    return problem(what, `${path} belongs to another user`, 'chown it, or choose another --data-dir')
  if (privacy === 'open') return problem(what, `others can enter ${path}`, `chmod 700 ${path}`)
  const isWritable = await access(existing, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
  if (!isWritable)
    return problem(what, `${existing} cannot be written`, 'make it writable, or choose another --data-dir')
  if (privacy !== 'absent' && (await isHeld(dataDir)))
    return problem(
      what,
      `a process works on ${path}`,
      'stop it, or choose another --data-dir; if it is the one meant, all is well',
    )
  const { bavail, bsize } = await statfs(existing)
  if (bavail * bsize < reservedDiskBytes)
    return problem(
      what,
      `${bavail * bsize} bytes are free at ${path}`,
      `make room: below ${reservedDiskBytes} nothing is accepted`,
    )
  return ok(what, privacy === 'absent' ? `${path} will be made, private` : `${path} is private and writable`)
}

async function nearestExisting(path: string): Promise<string> {
  const exists = await access(path).then(
    () => true,
    () => false,
  )
  return exists || dirname(path) === path ? path : nearestExisting(dirname(path))
}

async function portFinding({ host, port }: Config): Promise<Finding> {
  const server = createServer()
  server.listen(port, host)
  try {
    await once(server, 'listening')
    return ok('port', port === 0 ? `a free one on ${host}` : `${host}:${port} is free`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const advice =
      code === 'EADDRINUSE' ? 'stop what listens there, or choose another --port' : 'choose another --host or --port'
    return problem('port', `${host}:${port} cannot be listened on (${code})`, advice)
  } finally {
    server.close()
  }
}

function tokensFinding({ tokens, insecureNoAuth }: Config): Finding {
  if (tokens === undefined)
    return ok(
      'tokens',
      insecureNoAuth ? 'none, as --insecure-no-auth says: nothing asks who is calling' : 'none, on loopback alone',
    )
  try {
    return ok('tokens', `${readTokens(tokens).size} in a private file`)
  } catch (error) {
    if (!(error instanceof UnusableTokens)) throw error
    return problem('tokens', `the file ${error.message}`, 'make it as SECURITY.md shows, with mode 600')
  }
}

function tlsFinding(config: Config): Finding {
  try {
    const tls = readTls(config)
    if (tls === null) return ok('TLS', 'off: http')
    return ok('TLS', tls.requestCert ? 'on, and clients need a certificate' : 'on')
  } catch (error) {
    if (!(error instanceof UnusableConfig)) throw error
    return problem(
      'TLS',
      error.problems.join('; '),
      'name PEM files that belong together; nobody but you may read the key',
    )
  }
}
