import path from 'node:path'
import { build } from 'esbuild'

/** Makes the program of the function processes one plain file in `folder`; returns its path. */
export async function writeBootstrap(folder: string): Promise<string> {
  const outfile = path.join(folder, 'bootstrap.cjs')
  await build({
    entryPoints: [path.join(__dirname, 'bootstrap.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'error',
  })
  return outfile
}
