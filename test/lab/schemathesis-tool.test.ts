import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ensureTool, type Run } from '../../lab/schemathesis/tool'
import { temporaryFolders } from '../support/temporary-folder'

const newFolder = temporaryFolders()

/** Runs nothing; commands fail whose arguments have `failing` in them. */
function pretend(failing: string | null) {
  const ran: string[] = []
  const said: string[] = []
  const run: Run = (command, args) => {
    ran.push([command.split('/').at(-1), ...args].join(' '))
    return failing === null || !args.join(' ').includes(failing)
  }
  return { ran, said, run, say: (text: string) => void said.push(text) }
}

test('without a python3 that has venv it is missing, with the reason, and nothing is fetched', async () => {
  const { ran, said, run, say } = pretend('import venv')
  expect(ensureTool(say, run, await newFolder())).toEqual({
    kind: 'missing',
    reason: expect.stringContaining('python3'),
  })
  expect([ran.length, said]).toEqual([1, []])
})

test('it is fetched into the folder in a fixed version, and what is fetched is said before', async () => {
  const { ran, said, run, say } = pretend(null)
  const folder = await newFolder()
  expect(ensureTool(say, run, folder)).toMatchObject({ kind: 'ready', command: expect.stringContaining(folder) })
  expect(said).toEqual([expect.stringMatching(/^fetching schemathesis [\d.]+ .* from PyPI into /)])
  expect(ran.at(-1)).toMatch(/^pip install --quiet schemathesis==[\d.]+$/)
})

test('what was fetched before is used as it is', async () => {
  const { ran, run, say } = pretend(null)
  const folder = await newFolder()
  const first = ensureTool(say, run, folder)
  if (first.kind !== 'ready') throw new Error('it is not ready')
  mkdirSync(join(first.command, '..'), { recursive: true })
  writeFileSync(first.command, '')
  ran.length = 0
  expect([ensureTool(say, run, folder), ran]).toEqual([first, []])
})

test('where it could be had and cannot be fetched, that is a failure and no reason to skip', async () => {
  const { run, say } = pretend('install')
  expect(ensureTool(say, run, await newFolder())).toMatchObject({
    kind: 'failed',
    reason: expect.stringContaining('pip'),
  })
})
