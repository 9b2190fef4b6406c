import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Refusal } from '../../core/pipeline/aggregate'
import { BadPipeline, loadProgram, pipelineIn } from '../../program/program'
import { temporaryFolders } from '../support/temporary-folder'

const newFolder = temporaryFolders()
const CLICKS = `import { count, pipeline, tumbling } from 'spillway'
import { KEY } from './key'

export default pipeline({
  name: 'clicks', key: KEY, timestamp: 'at', window: tumbling('10s'), aggregates: { clicks: count() },
})
`

async function projectWith(files: Record<string, string>): Promise<string> {
  const folder = await newFolder()
  await mkdir(join(folder, 'pipelines'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

const clicks = () => projectWith({ 'pipelines/clicks.ts': CLICKS, 'pipelines/key.ts': "export const KEY = 'page'\n" })

function refusalOf(asked: string, folder: string): string {
  try {
    loadProgram(asked, folder, join(folder, 'kept'))
  } catch (error) {
    expect(error).toBeInstanceOf(BadPipeline)
    return (error as Error).message
  }
  throw new Error('it was loaded')
}

describe('a pipeline of a project', () => {
  test('is found by the name of its file, or by a path, with all that it imports', async () => {
    const folder = await clicks()
    const byName = loadProgram('clicks', folder, join(folder, 'kept'))
    const byPath = loadProgram('./pipelines/clicks.ts', folder, join(folder, 'kept'))
    expect(byName).toMatchObject({ pipeline: { name: 'clicks' }, version: byPath.version })
    expect(byName.pipeline.keyOf({ page: '/home' })).toBe('/home')
  })

  test('knows the same classes as the process that runs it', async () => {
    const folder = await clicks()
    expect(loadProgram('clicks', folder, join(folder, 'kept')).pipeline.keyOf({})).toBeInstanceOf(Refusal)
  })

  test('is kept as a module of its own, which needs the project no more', async () => {
    const folder = await clicks()
    const kept = await newFolder()
    const { module, version } = loadProgram('clicks', folder, kept)
    await writeFile(join(folder, 'pipelines/key.ts'), 'export const KEY = 7\n')
    expect(module).toBe(join(kept, `${version}.cjs`))
    expect(pipelineIn(module).name).toBe('clicks')
  })

  test('that is not there is answered with those that are', async () => {
    const folder = await clicks()
    expect(refusalOf('click', folder)).toBe(
      `there is no pipelines/click.ts in ${folder} (it has clicks, key); choose another --pipeline, or name a file`,
    )
  })

  test.each([
    [
      'does not compile',
      'export default pipeline({',
      /^pipelines\/clicks\.ts:1:\d+ does not compile: Expected identifier/,
    ],
    [
      'imports what is not there',
      "import './nowhere'\n",
      /^pipelines\/clicks\.ts:1:8 does not compile: Could not resolve/,
    ],
    ['has no default export', 'export const x = 1\n', /^pipelines\/clicks\.ts has no pipeline as its default export/],
    [
      'has a wrong option',
      CLICKS.replace("tumbling('10s')", "tumbling('10 sec')").replace(
        "import { KEY } from './key'",
        "const KEY = 'page'",
      ),
      /\.(ts|cjs):\d+: .*10 sec/ /* Jest knows no source maps: thrown-at.test.ts has the place */,
    ],
    [
      'has another name than its file',
      CLICKS.replace("name: 'clicks'", "name: 'taps'").replace("import { KEY } from './key'", "const KEY = 'page'"),
      /^pipelines\/clicks\.ts defines the pipeline "taps": .* call both alike$/,
    ],
  ])('that %s is refused with its file and the place', async (_, text, message) => {
    const folder = await projectWith({ 'pipelines/clicks.ts': text })
    expect(refusalOf('clicks', folder)).toMatch(message)
  })
})
