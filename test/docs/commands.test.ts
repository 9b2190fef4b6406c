import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import packageJson from '../../package.json'
import { type Block, blocksOf, looksLike, markerOf, needsCloud, PAGES, RUNNABLE, textOf } from './pages'
import { freePort, freshClone, Terminal } from './terminal'

const PORT_MS = 5_000
const BLOCK_MS = 240_000
const PAGE_MS = 400_000
const PORTS = [7070, 4566] // of the edge node and of the local cloud, as the pages print them
const CLOUD = {
  AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
}

const commandsOf = (page: string) => blocksOf(textOf(page)).filter(({ language }) => language === 'sh')

describe('the commands of the documentation', () => {
  test.each(RUNNABLE)('%s says of each block whether it is run', (page) => {
    const blocks = commandsOf(page)
    for (const block of blocks) expect([page, block.line, markerOf(block).kind]).not.toContain('none')
  })

  test.each(RUNNABLE)('%s has commands that a shell can read', (page) => {
    for (const { code } of commandsOf(page)) execFileSync('bash', ['-n'], { input: code })
  })

  test.each(PAGES)('%s names no npm script that there is not', (page) => {
    const named = [...textOf(page).matchAll(/\bnpm run ([a-z0-9:-]+)/g)].map(([, name]) => name)
    expect(Object.keys(packageJson.scripts)).toEqual(expect.arrayContaining(named))
  })
})

describe('what a command prints', () => {
  test('is compared but for numbers, spaces and what is left out', () => {
    expect(looksLike('a 1,234 b\n...\nd', 'x\na 5   b\nc\nd 7')).toBe(true)
    expect(looksLike('{"at": 17}', '{"at":\n 18.5}')).toBe(true)
    expect(looksLike('a ... c', 'c a')).toBe(false)
  })

  test('stands in the block after it', () => {
    const page = '<!-- run -->\n\n```sh\nls\n```\n\nIt prints:\n\n```\nx\n```\n\n<!-- run -->\n\n```sh\npwd\n```\n'
    expect(blocksOf(page).map(({ code, output }) => [code, output])).toEqual([
      ['ls\n', 'x\n'],
      ['x\n', null],
      ['pwd\n', null],
    ])
  })
})

/** All of them, for some minutes, on the ports that the pages name: RUN_DOCS=1 npx jest test/docs/commands */
const describeRuns = process.env.RUN_DOCS === '1' ? describe : describe.skip

describeRuns('done as printed', () => {
  let clone: Awaited<ReturnType<typeof freshClone>>
  beforeAll(async () => {
    clone = await freshClone()
  })
  afterAll(() => clone?.remove())

  test.each(RUNNABLE)('%s', (page) => runPage(clone.folder, textOf(page)), PAGE_MS)
})

async function runPage(folder: string, text: string): Promise<void> {
  const terminals = new Map<string, Terminal>()
  const environment = needsCloud(text) ? CLOUD : {}
  const terminal = (name: string) => {
    const found = terminals.get(name) ?? new Terminal(name, folder, environment)
    terminals.set(name, found)
    return found
  }
  for (const port of PORTS) await freePort(port, PORT_MS)
  try {
    if (needsCloud(text)) await terminal('ofPage').run('npm run cloud', 'Ctrl-C ends the cloud', BLOCK_MS)
    for (const block of blocksOf(text)) await runBlock(folder, block, terminal)
  } finally {
    await Promise.all([...terminals.values()].map((one) => one.close()))
  }
}

async function runBlock(folder: string, block: Block, terminal: (name: string) => Terminal): Promise<void> {
  const marker = markerOf(block)
  switch (marker.kind) {
    case 'file':
      return writeFile(join(folder, marker.path), block.code)
    case 'run': {
      const printed = await terminal(marker.terminal).run(block.code, marker.until, BLOCK_MS)
      if (block.output !== null && !looksLike(block.output, printed))
        throw new Error(`line ${block.line} shows\n${block.output}\nand this was printed:\n${printed}`)
      return
    }
    case 'not run':
    case 'none':
      return
  }
}
