import path from 'node:path'
import { buildSync } from 'esbuild'

/** Makes the program of the function processes one plain file in `folder`; returns its path. */
export function writeBootstrap(folder: string): string {
  const outfile = path.join(folder, 'bootstrap.cjs')
  // Not build(): that leaves a service process behind.
  buildSync({
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
