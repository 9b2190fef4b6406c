import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { main } from '../../../scripts/init/command'
import { temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()

async function init(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const output = { out: (line: string) => void out.push(line), err: (line: string) => void err.push(line) }
  const code = await main(args, output)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

describe('a new project', () => {
  test('has a pipeline of its name, its test, its functions and settings, and nothing left to fill in', async () => {
    const folder = join(await newFolder(), 'page-visits')
    const { code, out } = await init(folder, '--spillway', 'file:spillway.tgz')
    expect(code).toBe(0)
    expect(out).toMatch(/Next:\n {2}cd .*page-visits\n {2}npm install\n {2}npm start/)
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    expect(files.map(({ name }) => name).sort()).toEqual(
      [
        ...['.gitignore', 'README.md', 'functions.ts', 'package.json', 'page-visits.test.ts', 'page-visits.ts'],
        ...['sample-events.ndjson', 'serverless.yml', 'spillway.yaml', 'tsconfig.json'],
      ].sort(),
    )
    for (const { parentPath, name } of files)
      expect(await readFile(join(parentPath, name), 'utf8')).not.toMatch(/\{\{|\}\}(?!\))/)
    const { name, dependencies } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    expect([name, dependencies]).toEqual(['page-visits', { spillway: 'file:spillway.tgz' }])
    expect(await readFile(join(folder, 'functions.ts'), 'utf8')).toContain(
      "import pageVisitsPipeline from './pipelines/page-visits'",
    )
  })

  test.each(['Clicks', '7days', 'a_b', 'clicks-'])('cannot be called %s: a stack could not be', async (name) => {
    expect(await init(join(await newFolder(), name))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/cannot be that of a stack: .* See spillway init --help\.$/),
    })
  })

  test('is made in no folder that holds something', async () => {
    const folder = join(await newFolder(), 'clicks')
    await mkdir(folder)
    await writeFile(join(folder, 'mine.txt'), 'mine')
    expect(await init(folder)).toMatchObject({
      code: 2,
      err: expect.stringContaining('is there already and not empty'),
    })
    expect(await readdir(folder)).toEqual(['mine.txt'])
  })
})
