import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { CloudUnread } from '../../cloud/cloud-unread'
import type { Deployment, Lanes } from '../../cloud/deployment'
import { checkedJson, readCheckedJson } from '../disk/disk'

/** The cloud half as the node needs to know it. */
export interface KnownDeployment {
  readonly stack: string
  readonly deployment: Deployment
  readonly lanes: Lanes
}

/**
 * Reads the deployment, and remembers it in the data directory: with the cloud away, a node that has worked with it
 * before starts with what it knew then, accepts, and folds at the edge. Rejects with what `read` rejects with when
 * nothing is known.
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
    await writeFile(`${file}.new`, checkedJson(found), { mode: 0o600, flush: true })
    await rename(`${file}.new`, file)
    return found
  } catch (error) {
    if (!(error instanceof CloudUnread)) throw error
    const known = await remembered(file)
    if (known === 'damaged')
      throw new CloudUnread(error.code, `${error.says}, and what was known of it is damaged: ${file}`, error.advice)
    if (known?.stack !== stack) throw error
    logger.warn({ stack, error: error.message }, 'the cloud cannot be read; starting with what was known of it')
    // What an older version has remembered says nothing of the consumer: then there was none.
    return { ...known, lanes: { ...known.lanes, consumer: known.lanes.consumer ?? 'standard' } }
  }
}

async function remembered(file: string): Promise<KnownDeployment | 'damaged' | null> {
  const read = readCheckedJson(await readFile(file, 'utf8').catch(() => null))
  switch (read.kind) {
    case 'absent':
      return null
    case 'damaged':
      return 'damaged'
    case 'sound':
      return read.content as unknown as KnownDeployment
  }
}

/**
 * What to tell at a start when the functions have another version of the pipeline than this node, or none; null when they have the same, or
 * nobody knows. It is no reason not to start: what a function hands back is folded here, and results are the same.
 */
export function otherVersion(name: string, here: string, versions: Deployment['versions']): string | null {
  const deployed = versions?.[name]
  if (versions === undefined || deployed === here) return null
  const theirs = deployed === undefined ? `no pipeline "${name}"` : `version ${deployed} of "${name}"`
  return `the functions have ${theirs}, this node has version ${here}: they hand back all that bursts, which costs time and money and nothing of exactness; deploy again: npx sls deploy, or start the node from the code that was deployed`
}
