import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from '@jest/globals'
import { PAGES, ROOT, textOf } from './pages'

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
