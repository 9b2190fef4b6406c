import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { afterEach, expect, jest, test } from '@jest/globals'
import { REQUEST_ERRORS } from '../../lab/docs/errors'
import { problem, SAYS_MORE } from '../../lab/docs/openapi/answers'
import { testNodes } from '../support/fixture'
import { CODES, EXAMPLES } from './error-examples'
import { PAGES, ROOT, textOf } from './pages'

const bench = testNodes()
afterEach(() => void jest.restoreAllMocks())

test.each(CODES)('%s comes for its example, with its status and in the shape of errors', async (code) => {
  const { status, retryable } = REQUEST_ERRORS[code]
  const answer = await EXAMPLES[code](bench)
  expect(answer).toMatchObject({ status, body: { code, retryable } })
  const shape = SAYS_MORE[code] ?? problem
  shape.parse(answer.body)
})

test.each(PAGES)('%s links to what there is', (page) => {
  for (const link of linksIn(textOf(page))) {
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? page : normalize(join(dirname(page), path))
    expect([link, existsSync(join(ROOT, target))]).toEqual([link, true])
    if (anchor !== undefined)
      expect([link, anchorsIn(textOf(target))]).toEqual([link, expect.arrayContaining([anchor])])
  }
})

const linksIn = (text: string) =>
  [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!).filter((link) => !/^https?:/.test(link))

/** As GitHub makes them of headings. */
const anchorsIn = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
