import { afterEach, describe, expect, test } from '@jest/globals'
import { main } from '../../lab/sim'
import { MUTATIONS } from './bugs/bugs'

async function run(...args: string[]) {
  const out: string[] = []
  const code = await main(args, { out: (line) => out.push(line), err: () => undefined })
  return { code, out: out.join('\n') }
}

/** As a shell takes them apart. */
const wordsOf = (text: string) => [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)

describe('npm run sim', () => {
  let undo = () => {}
  afterEach(() => undo())

  test('says how many worlds broke no rule', async () => {
    expect(await run('--seeds', '3', '--from', '20')).toEqual({
      code: 0,
      out: '3 worlds from seed 20: no rule was broken',
    })
  })

  test('shows a smaller world that breaks the same rule, and how to run it again', async () => {
    undo = MUTATIONS.find(({ name }) => name === 'a replay cuts anew')!.apply()
    const { code, out } = await run('--seeds', '50')
    expect(code).toBe(1)
    const [, rule] = /^seed \d+ breaks a rule: (.*)$/m.exec(out)!
    expect(out).toMatch(/\d+ ms {2}edge 2 +boots/)
    const repeated = await run(...wordsOf(/^again: npm run sim -- (.*)$/m.exec(out)![1]!))
    expect(repeated.code).toBe(1)
    expect(repeated.out).toContain(`breaks a rule: ${rule}`)
  }, 60_000)

  test('prints what happens when asked to', async () => {
    const { code, out } = await run('--seeds', '1', '--requests', '1', '--trace')
    expect(code).toBe(0)
    expect(out).toMatch(/edge 1 +boots with 0 records/)
  })

  test('explains itself', async () => {
    const { code, out } = await run('--help')
    expect(code).toBe(0)
    expect(out).toContain('--seeds <n>')
    expect(out).toContain('edge crashes')
  })

  test.each([['--seeds', '0'], ['--from', 'x'], ['--only', 'no such fault'], ['extra']])(
    'refuses %s %s',
    async (...args) => {
      expect((await run(...args)).code).toBe(2)
    },
  )
})
