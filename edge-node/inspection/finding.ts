/** What came of looking at one thing. `unknown`: it cannot be seen from here, which is no fault. */
export interface Finding {
  readonly what: string
  readonly verdict: 'ok' | 'unknown' | 'problem'
  readonly says: string
  /** What to do about it; for problems alone. */
  readonly advice?: string
}

export const ok = (what: string, says: string): Finding => ({ what, verdict: 'ok', says })
export const unknown = (what: string, says: string): Finding => ({ what, verdict: 'unknown', says })
export const problem = (what: string, says: string, advice: string): Finding => ({
  what,
  verdict: 'problem',
  says,
  advice,
})

const WORDS = { ok: 'OK     ', unknown: '?      ', problem: 'PROBLEM' } as const

/** Findings line by line, and how many are problems. */
export function inWords(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ what }) => what.length))
  const lines = findings.flatMap(({ what, verdict, says, advice }) => {
    const line = `${WORDS[verdict]}  ${what.padEnd(width)}  ${says}`
    return advice === undefined ? [line] : [line, `${' '.repeat(width + 11)}-> ${advice}`]
  })
  const problems = findings.filter(({ verdict }) => verdict === 'problem').length
  const sum = problems === 0 ? 'Nothing is wrong.' : `${problems} ${problems === 1 ? 'thing is' : 'things are'} wrong.`
  return [...lines, '', sum].join('\n')
}
