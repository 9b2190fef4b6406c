import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { type Deployment, type Lanes, NotDeployed } from '../cloud/deployment'

/** The cloud half as the node needs to know it. */
export interface KnownDeployment {
  readonly stack: string
  readonly deployment: Deployment
  readonly lanes: Lanes
}

/**
 * Reads the deployment, and remembers it in the data directory: with the cloud away, a node that has worked with it before starts with what
 * it knew then, accepts, and folds at the edge. Rejects with what `read` rejects with when nothing is known.
 */
export async function knownDeployment(
  dataDir: string,
  stack: string,
  read: () => Promise<Omit<KnownDeployment, 'stack'>>,
  logger: Logger,
): Promise<KnownDeployment> {
  const file = join(dataDir, 'deployment.json')
  try {
    const found = { stack, ...(await read()) }
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    await writeFile(file, JSON.stringify(found), { mode: 0o600 })
    return found
  } catch (error) {
    const known = await remembered(file)
    if (!(error instanceof NotDeployed) || known?.stack !== stack) throw error
    logger.warn({ stack, error: error.message }, 'the cloud cannot be read; starting with what was known of it')
    return known
  }
}

async function remembered(file: string): Promise<KnownDeployment | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as KnownDeployment
  } catch {
    return null
  }
}
