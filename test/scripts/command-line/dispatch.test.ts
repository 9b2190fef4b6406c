import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import packageJson from '../../../package.json'
import { benchIn, COMMANDS, GROUPS } from '../../../scripts/commands'
import { dispatch } from '../../../scripts/dispatch'

const NAMES = COMMANDS.map(({ name }) => name)
const LOADS_IT_MS = 60_000 // the first of them loads half of the project

async function spillway(...args: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await dispatch(args, { out: (line) => out.push(line), err: (line) => err.push(line) })
  return { code, out: stripVTControlCharacters(out.join('\n')), err: err.join('\n') }
}

/** As a shell takes them apart. */
const wordsOf = (line: string) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)

/** Lines below a heading of a help, until an empty one. */
const linesBelow = (help: string, heading: string) =>
  (help.split(`${heading}\n`)[1] ?? '')
    .split('\n\n')[0]!
    .split('\n')
    .map((line) => line.trim())

describe('spillway alone', () => {
  test.each([[[]], [['--help']], [['-h']], [['help']]])('%j prints each command in its group', async (args) => {
    const { code, out } = await spillway(...args)
    expect(code).toBe(0)
    for (const group of GROUPS) {
      const names = linesBelow(out, `${group}:`).map((line) => line.split(/\s/)[0])
      expect(names).toEqual(COMMANDS.filter((command) => command.group === group).map(({ name }) => name))
    }
  })

  test('--version prints the version', async () => {
    expect(await spillway('--version')).toEqual({ code: 0, out: packageJson.version, err: '' })
  })

  test.each([
    ['laod', 'load'],
    ['verfy', 'verify'],
    ['Check_Data', 'check-data'],
    ['sim', 'simulate'],
  ])('answers the unknown word %s with %s', async (word, nearest) => {
    const { code, out, err } = await spillway(word)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toBe(`There is no command "${word}"; did you mean ${nearest}? See spillway --help.`)
  })

  test('wants the command before its options', async () => {
    expect(await spillway('--rate', '5')).toMatchObject({ code: 2, err: expect.stringContaining('--rate is none') })
  })
})

describe('a benchmark', () => {
  test.each([
    ['nothing'],
    ['spike', '--no-such-option'],
    ['spike', '--seed', 'x'],
    ['policies', '--policy', 'nobody'],
    ['trace', '--trace', 'no-file'],
    ['trace'],
    ['flink', '--only', 'nothing'],
    ['flink', '--capacity', '700'],
    [],
  ])(
    'that is asked for by %s %s %s is refused before it measures',
    async (...args) => {
      const { code, out, err } = await spillway('bench', ...args)
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toMatch(/See spillway bench.* --help\.$/)
    },
    LOADS_IT_MS,
  )
})

test('where there is no laboratory, as in the package, bench says what it needs', async () => {
  const err: string[] = []
  const bench = benchIn('/no/laboratory')
  expect(await bench(['spike'], { out: () => {}, err: (line) => err.push(line) })).toBe(2)
  expect(err.join()).toMatch(/run it in a clone of its repository\. See spillway --help\.$/)
})

describe('the table', () => {
  test('has each command once, with a line about it', () => {
    expect(new Set(NAMES).size).toBe(NAMES.length)
    for (const { summary } of COMMANDS) expect(summary).toMatch(/^\S.{9,70}[^.]$/)
  })

  test('has an npm script of the same name for each, which is an alias', () => {
    const { scripts } = packageJson as { readonly scripts: Readonly<Record<string, string>> }
    const aliases = Object.values(scripts).flatMap((script) => /scripts\/spillway\.ts (\S+)$/.exec(script)?.[1] ?? [])
    const withoutAlias = NAMES.filter((name) => !aliases.includes(name))
    expect(withoutAlias).toEqual(['check'])
  })
})

describe.each(NAMES)('spillway %s', (name) => {
  test(
    'has a help with its usage, an example that is its own, and what the exit codes mean',
    async () => {
      const { code, out, err } = await spillway(name, '--help')
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(out.split('\n')[0]).toMatch(new RegExp(`^Usage: spillway ${name} \\[options\\]`))
      const examples = linesBelow(out, 'Examples:')
      expect(examples.filter((line) => line.startsWith(`spillway ${name}`))).not.toEqual([])
      for (const word of examples.flatMap((line) => /^spillway (\S+)/.exec(line)?.[1] ?? []))
        expect(NAMES).toContain(word)
      expect(out).toMatch(/\n\nExit code: 0 [^;]+; /)
      expect(out).not.toMatch(/\bnpm (run|start)\b/)
    },
    LOADS_IT_MS,
  )

  test(
    'has examples whose flags are in the help of their command, with values that these take',
    async () => {
      const { out } = await spillway(name, '--help')
      for (const line of linesBelow(out, 'Examples:').filter((line) => line.startsWith('spillway '))) {
        const [, word, ...args] = wordsOf(line)
        const help = await spillway(word!, ...args, '--help')
        expect([line, help.code]).toEqual([line, 0])
        for (const flag of args.filter((arg) => arg.startsWith('--'))) expect(help.out).toContain(`${flag} `)
      }
    },
    LOADS_IT_MS,
  )

  test(
    'has the same help as spillway help X',
    async () => {
      expect(await spillway('help', name)).toEqual(await spillway(name, '--help'))
    },
    LOADS_IT_MS,
  )

  test(
    'answers wrong usage in the one voice',
    async () => {
      const { code, out, err } = await spillway(name, '--no-such-option')
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toMatch(new RegExp(`See spillway ${name} --help\\.$`))
    },
    LOADS_IT_MS,
  )
})
