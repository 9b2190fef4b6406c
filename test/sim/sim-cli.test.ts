import { afterEach, describe, expect, test } from '@jest/globals'
import { main } from '../../scripts/sim'
import { MUTATIONS } from './mutations'

async function run(...args: string[]) {
  const out: string[] = []
  const code = await main(args, { out: (line) => out.push(line), err: () => undefined })
  return { code, out: out.join('\n') }
}

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
    undo = MUTATIONS.find(({ name }) => name === 'a restart forgets what was final')!.apply()
    const { code, out } = await run('--seeds', '50')
    expect(code).toBe(1)
    expect(out).toMatch(/^seed \d+ breaks a rule: what was final stays final/)
    expect(out).toMatch(/\d+ ms {2}world +the edge crashes/)
    const again = /again: npm run sim -- (.*)$/m.exec(out)
    const kinds = [...(again?.[1] ?? '').matchAll(/"([^"]+)"/g)].map(([, kind]) => kind!)
    const numbers = [...(again?.[1] ?? '').matchAll(/--(from|requests) (\d+)/g)].flatMap(([, name, value]) => [
      `--${name}`,
      value!,
    ])
    const repeated = await run('--seeds', '1', ...numbers, '--only', ...kinds)
    expect(repeated.code).toBe(1)
    expect(repeated.out).toContain('what was final stays final')
  })

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
