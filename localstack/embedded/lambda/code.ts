import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { buildSync } from 'esbuild'
import { unzipSync } from 'fflate'
import { ownProgram } from '../../../program/own-process'

/** AWS: 250 MB unzipped. */
const MAX_UNZIPPED_BYTES = 250 * 1024 * 1024

/** A deployment package laid out on disk. */
export interface FunctionCode {
  readonly taskRoot: string
  readonly zipBytes: number
  /** SHA-256 of the zip in base64, as AWS shows it. */
  readonly sha256: string
}

/** Unpacks a deployment zip into a new folder below `folder`. */
export async function unpackCode(zip: Buffer, folder: string): Promise<FunctionCode> {
  const digest = createHash('sha256').update(zip).digest()
  const taskRoot = path.join(folder, digest.toString('hex').slice(0, 16))
  const files = unzipped(zip)
  for (const [name, bytes] of Object.entries(files)) {
    const file = path.resolve(taskRoot, name)
    if (!file.startsWith(taskRoot + path.sep)) throw new Error(`The zip has a file outside of its root: ${name}`)
    if (name.endsWith('/')) continue
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, bytes)
  }
  return { taskRoot, zipBytes: zip.length, sha256: digest.toString('base64') }
}

function unzipped(zip: Buffer): Record<string, Uint8Array> {
  let bytes = 0
  return unzipSync(zip, {
    filter: ({ originalSize }) => {
      bytes += originalSize
      if (bytes > MAX_UNZIPPED_BYTES) throw new Error(`Unzipped size must be smaller than ${MAX_UNZIPPED_BYTES} bytes`)
      return true
    },
  })
}

/** Makes the program of the function processes one plain file in `folder`; returns its path. */
export function writeBootstrap(folder: string): string {
  const outfile = path.join(folder, 'bootstrap.cjs')
  // Not build(): that leaves a service process behind.
  buildSync({
    entryPoints: [ownProgram('localstack/embedded/lambda/bootstrap')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'error',
  })
  return outfile
}
