import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { whyNoCloud } from '../../../scripts/dev/local-cloud'
import { concernsNode, watchProject } from '../../../scripts/dev/watch'
import { eventually } from '../../support/eventually'
import { temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()

describe('a file that was saved', () => {
  test.each(['pipelines/clicks.ts', 'functions.ts', 'lib/prices.mjs', 'spillway.yaml', 'serverless.yml'])(
    '%s concerns the node',
    (path) => expect(concernsNode(path)).toBe(true),
  )

  test.each(['README.md', 'test/clicks.test.ts', 'node_modules/x/index.js', '.spillway/data/x.json', 'sample.ndjson'])(
    '%s does not',
    (path) => expect(concernsNode(path)).toBe(false),
  )

  test('is told once, however often it was written in a moment, and never beside the one before', async () => {
    const folder = await newFolder()
    await mkdir(join(folder, 'pipelines'), { recursive: true })
    const told: string[] = []
    let atWork = 0
    let mostAtWork = 0
    const end = watchProject(folder, async (path) => {
      mostAtWork = Math.max(mostAtWork, ++atWork)
      told.push(path)
      await new Promise((resolve) => setTimeout(resolve, 50))
      atWork--
    })
    try {
      for (let n = 0; n < 5; n++) await writeFile(join(folder, 'pipelines/clicks.ts'), `// ${n}`)
      await eventually(async () => expect(told).toEqual([join('pipelines', 'clicks.ts')]))
      await writeFile(join(folder, 'pipelines/other.ts'), '')
      await eventually(async () => expect(told).toHaveLength(2))
      expect(mostAtWork).toBe(1)
    } finally {
      end()
    }
  })
})

describe('the local cloud of a project', () => {
  test('needs a serverless.yml', async () => {
    expect(whyNoCloud(await newFolder())).toMatch(/no serverless\.yml/)
  })

  test('needs packages, which are named with the command that installs them', async () => {
    const folder = await newFolder()
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'serverless.yml'), '')
    expect(whyNoCloud(folder)).toMatch(/npm install --save-dev serverless@npm:osls .*dynalite/)
    expect(whyNoCloud(process.cwd())).toBeNull()
  })
})
