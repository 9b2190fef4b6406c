import { describe, expect, test } from '@jest/globals'
import { MUTATIONS } from './bugs/bugs'
import { runWorld } from './world'

const SEEDS = 1_000 // those of the world test

/** The first seed whose world notices the mutation, and the rule that it sees broken. */
async function caught(apply: () => () => void): Promise<{ seed: number; rule: string } | null> {
  const undo = apply()
  try {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violation } = await runWorld(seed)
      if (violation !== null) return { seed, rule: violation.rule }
    }
    return null
  } finally {
    undo()
  }
}

describe('the world notices when', () => {
  test.each(MUTATIONS)(
    '$name',
    async ({ apply }) => {
      expect(await caught(apply)).not.toBeNull()
    },
    240_000,
  )
})
