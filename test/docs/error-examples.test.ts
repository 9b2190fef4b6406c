import { afterEach, expect, jest, test } from '@jest/globals'
import { REQUEST_ERRORS } from '../../scripts/docs/errors'
import { problem, SAYS_MORE } from '../../scripts/docs/openapi/answers'
import { testNodes } from '../edge-node/fixture'
import { CODES, EXAMPLES } from './error-examples'

const bench = testNodes()
afterEach(() => void jest.restoreAllMocks())

test.each(CODES)('%s comes for its example, with its status and in the shape of errors', async (code) => {
  const { status, retryable } = REQUEST_ERRORS[code]
  const answer = await EXAMPLES[code](bench)
  expect(answer).toMatchObject({ status, body: { code, retryable } })
  const shape = SAYS_MORE[code] ?? problem
  shape.parse(answer.body)
})
