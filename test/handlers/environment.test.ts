import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { burst, merge } from '../../handlers/functions'
import { required } from '../../handlers/requests'
import { manifestOf } from './merge-setup'

const VARIABLES = ['PARTIALS_TABLE', 'RESULTS_TABLE', 'PIPELINE_VERSIONS'] as const
const before = VARIABLES.map((name) => [name, process.env[name]] as const)

beforeEach(() => {
  for (const name of VARIABLES) delete process.env[name]
})
afterEach(() => {
  for (const [name, value] of before) if (value !== undefined) process.env[name] = value
})

describe('a function that was not deployed as described', () => {
  test('says which variable is missing, and what sets it', async () => {
    const message = 'PARTIALS_TABLE is not set; deploy with serverless.yml, which sets it'
    await expect(burst({ Records: [] }, {} as never)).rejects.toThrow(message)
    await expect(merge(manifestOf([], [], null))).rejects.toThrow(message)
    process.env.PARTIALS_TABLE = 'partials'
    await expect(burst({ Records: [] }, {} as never)).rejects.toThrow('PIPELINE_VERSIONS is not set')
    await expect(merge(manifestOf([], [], null))).rejects.toThrow('RESULTS_TABLE is not set')
  })

  test('takes an empty variable for a missing one', () => {
    process.env.PIPELINE_VERSIONS = ''
    expect(() => required('PIPELINE_VERSIONS')).toThrow('PIPELINE_VERSIONS is not set')
    process.env.PIPELINE_VERSIONS = 'abc'
    expect(required('PIPELINE_VERSIONS')).toBe('abc')
  })
})
