import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { OWN_EXEC_ARGV } from '../../program/own-process'
import { thrownAt } from '../../program/thrown-at'
import { temporaryFolders } from '../support/temporary-folder'

const newFolder = temporaryFolders()
const FILES = {
  'pipelines/clicks.ts': `import { count, pipeline, tumbling } from 'spillway'
import { priceOf } from '../shop/price'

export default pipeline({
  name: 'clicks', key: 'page', timestamp: 'at', window: tumbling('10s'), aggregates: { clicks: count() },
  map: (event: { how: string }) => {
    if (event.how === 'here') throw new Error('not\\n    at this (/tmp/place.ts:1:2)')
    return priceOf(event)
  },
})
`,
  'shop/price.ts': 'export const priceOf = (event: { how: string }) =>\n  JSON.parse(event.how)\n',
}

async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await newFolder()
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }
  return folder
}

/** Where `map` throws for each event: in a process of its own, since Jest replaces the modules that know the places. */
async function placesFor(folder: string, events: readonly string[]): Promise<unknown> {
  const program = join(__dirname, 'map-thrown-at.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [...OWN_EXEC_ARGV, program, folder, ...events])
  return JSON.parse(stdout)
}

describe('the place where an error was thrown', () => {
  test('is the line of the user’s file, also behind functions of Node and in what the pipeline imports', async () => {
    const folder = await project(FILES)
    expect(await placesFor(folder, ['here', '{'])).toEqual(['pipelines/clicks.ts:7', 'shop/price.ts:2'])
  }, 60_000)

  test('in a definition is the line of the user’s file, and not of what it called', async () => {
    const wrong = FILES['pipelines/clicks.ts'].replace("tumbling('10s')", "tumbling('10 sec')")
    const folder = await project({ ...FILES, 'pipelines/clicks.ts': wrong })
    await expect(placesFor(folder, ['here'])).resolves.toEqual(['pipelines/clicks.ts:5'])
  }, 60_000)

  test('outside the project is said by the file and its folder', () => {
    expect(thrownAt(new Error('x'), '/somewhere/else')).toMatch(/^program\/thrown-at\.test\.ts:\d+$/)
  })

  test('is not known of what is no error, has no stack, or is a library’s alone', () => {
    const ofLibrary = Object.assign(new Error('x'), { stack: 'Error: x\n    at f (/p/node_modules/a/b.js:1:2)' })
    for (const thrown of ['a text', undefined, Object.assign(new Error('x'), { stack: undefined }), ofLibrary])
      expect(thrownAt(thrown)).toBeNull()
  })

  test('leaves the way in which stacks are written as it was', () => {
    const before = Error.prepareStackTrace
    thrownAt(new Error('x'))
    expect(Error.prepareStackTrace).toBe(before)
  })
})
