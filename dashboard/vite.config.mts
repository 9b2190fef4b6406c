import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** Puts a packed copy beside each file, which the edge node sends to those who take it: it packs nothing while it has events to fold. */
function packed(): Plugin {
  return {
    name: 'packed',
    writeBundle: ({ dir = '' }) => {
      for (const entry of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(html|js|css|svg)$/.test(entry)) continue
        writeFileSync(join(dir, `${entry}.gz`), gzipSync(readFileSync(join(dir, entry)), { level: 9 }))
      }
    },
  }
}

/** The page is served by the edge node under its own strict content policy: no inline code or style, nothing from elsewhere. */
export default defineConfig({
  logLevel: 'warn',
  plugins: [packed()],
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: { output: { codeSplitting: false } },
  },
})
