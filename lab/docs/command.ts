import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GENERATED_PAGES } from './pages'

/** Writes the reference pages that are made from the code. */
async function main(): Promise<void> {
  for (const [path, make] of Object.entries(GENERATED_PAGES)) {
    const file = join(__dirname, '../..', path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, await make())
    console.log(path)
  }
}

void main()
