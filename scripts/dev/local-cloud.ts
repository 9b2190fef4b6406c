import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ensurePackaged, PackagingFailed } from '../../localstack/package'
import { ProvisioningFailed, provision } from '../../localstack/provision'
import type { Stoppable } from '../processes/child'
import { startCloud } from '../processes/cloud-process'

/** What the local cloud needs besides this package, as a project of `spillway init` has it. */
const PARTS = ['serverless', 'serverless-esbuild', 'serverless-offline', 'dynalite', '@aws-sdk/client-s3']

/** Why there can be no local cloud for a project, with what to do; null where there can. */
export function whyNoCloud(project: string): string | null {
  if (!existsSync(join(project, 'serverless.yml'))) return 'there is no serverless.yml, which says what it consists of'
  const folders = createRequire(join(project, 'package.json')).resolve.paths('serverless') ?? []
  const missing = PARTS.filter((part) => !folders.some((folder) => existsSync(join(folder, part, 'package.json'))))
  if (missing.length === 0) return null
  const named = missing.map((part) => (part === 'serverless' ? 'serverless@npm:osls' : part))
  return `it needs packages that are not installed: npm install --save-dev ${named.join(' ')}`
}

/** A local cloud with the project's functions. */
export interface LocalCloud {
  readonly endpoint: string
  readonly stack: string
  /** Puts the functions of the project as it is now into it; what is wrong with them, or null. */
  readonly update: () => Promise<string | null>
}

/** Starts the embedded cloud and adds it to `children`. Rejects where the project cannot be packaged. */
export async function startLocalCloud(
  project: string,
  logFile: string,
  children: Stoppable[],
  say: (line: string) => void,
): Promise<LocalCloud> {
  const { service, stage } = await ensurePackaged({ root: project, onProgress: say })
  const endpoint = await startCloud({ logFile }, children)
  const update = async () => {
    try {
      await provision(endpoint, await ensurePackaged({ root: project, onProgress: say }))
      return null
    } catch (error) {
      if (error instanceof PackagingFailed || error instanceof ProvisioningFailed) return error.message
      throw error
    }
  }
  return { endpoint, stack: `${service}-${stage}`, update }
}
