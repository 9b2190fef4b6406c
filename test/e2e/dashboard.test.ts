import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import axe, { type AxeResults } from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { ensureBuilt } from '../../dashboard/ensure-built'
import { eventually } from '../support/eventually'
import type { TestNode } from '../support/fixture'
import { chromiumPath, send, stageNode } from './dashboard-stage'

const executablePath = chromiumPath()
const here = executablePath === undefined ? describe.skip : describe
const why =
  executablePath === undefined ? ' (skipped: there is no Chromium here; SPILLWAY_CHROMIUM says where one is)' : ''
/** A folder that pictures are wanted in: `SPILLWAY_SCREENSHOTS=docs npx jest test/e2e/dashboard`. */
const PICTURES = process.env.SPILLWAY_SCREENSHOTS
const TOKEN = 'a-token-of-the-test-0123456789'
const DESK = { width: 1280, height: 1000 }
const PHONE = { width: 360, height: 780 }

jest.setTimeout(60_000)

/**
 * What went wrong in a page: errors and warnings of its console, violations of the content policy, requests beyond its
 * origin.
 */
async function watched(browser: Browser, options: BrowserContextOptions = {}) {
  const page = await browser.newPage({ viewport: DESK, colorScheme: 'light', ...options })
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(page.url()).origin && page.url() !== 'about:blank')
      complaints.push(`beyond the origin: ${request.url()}`)
  })
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (e) => console.error('policy', e.violatedDirective))",
  )
  return { page, complaints }
}

const textOf = async (page: Page, selector: string) => (await page.locator(selector).textContent()) ?? ''
const untilText = (page: Page, selector: string, text: string) =>
  page.locator(selector, { hasText: text }).first().waitFor({ timeout: 20_000 })

/** How many pixels of the first plot are of a color, said as a condition over `r`, `g` and `b`. */
const pixelsOf = (page: Page, condition: string) =>
  page.evaluate(`(() => {
    const canvas = document.querySelector('#plots canvas')
    const copy = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height })
    const context = copy.getContext('2d', { willReadFrequently: true })
    context.drawImage(canvas, 0, 0)
    const { data } = context.getImageData(0, 0, copy.width, copy.height)
    let found = 0
    for (let at = 0; at < data.length; at += 4) {
      const [r, g, b, alpha] = data.subarray(at, at + 4)
      if (alpha > 200 && ${condition}) found += 1
    }
    return found
  })()`) as Promise<number>
const BLUE = 'b - r > 60'
const ORANGE = 'r - b > 90 && r - g > 40'

/** What axe finds to be serious or worse. It is evaluated from outside: the content policy would not let it in. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary}`),
    )
}

here(`the dashboard${why}`, () => {
  let browser: Browser
  let page: Page
  let complaints: string[]
  let folder: string
  let node: TestNode
  let url: string

  beforeAll(async () => {
    expect(await ensureBuilt()).not.toMatchObject({ kind: 'impossible' })
    folder = await mkdtemp(join(tmpdir(), 'spillway-dashboard-'))
    ;({ node, url } = await stageNode(join(folder, 'open')))
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
    ;({ page, complaints } = await watched(browser))
    await page.goto(url)
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    await node?.stop()
    await rm(folder, { recursive: true, force: true })
  }, 30_000)

  test('says that nothing arrives, and then that the node keeps up', async () => {
    await untilText(page, '#chip', 'Idle')
    await untilText(page, '#connection', 'live')
    const load = send(node, 150, 3_000)
    await untilText(page, '#chip', 'Keeping up')
    await load
    expect(await textOf(page, '#tile-pace .big')).toBe('Yes')
  })

  test('a spike is told in words while it lasts, with what the controller decided and why', async () => {
    const load = send(node, 900, 5_000)
    await untilText(page, '#tile-burst .big', 'Yes') // a busy machine may be over its target meanwhile
    await untilText(page, '#sentence', 'of the work is done in the cloud')
    const decision = page.locator('#decisions li', { hasText: 'Burst' }).first()
    await decision.waitFor()
    expect(await decision.textContent()).toMatch(/queue delay \d+ ms/)
    await decision.locator('summary').click()
    expect(await decision.locator('dl').textContent()).toContain('arrival rate')
    await decision.locator('summary').click()
    if (PICTURES !== undefined) {
      await page.waitForTimeout(3_000)
      await page.screenshot({ path: join(PICTURES, 'dashboard.png'), fullPage: true })
    }
    await load
    await untilText(page, '#decisions li', 'Edge only')
    await page.locator('#burst-time-parts tr').first().waitFor()
    expect(await page.locator('#burst-time-parts tr').count()).toBe(6)
    expect(await textOf(page, '#burst-time-parts')).toMatch(/fold.*until the function has folded it.*ms/)
  })

  test('and is one picture: edge and burst under the arrivals', async () => {
    expect(await pixelsOf(page, BLUE)).toBeGreaterThan(500)
    expect(await pixelsOf(page, ORANGE)).toBeGreaterThan(500)
  })

  test('windows become final, and each adds up', async () => {
    await send(node, 100, 2_500)
    await page.locator('#windows .sound').nth(2).waitFor({ timeout: 20_000 })
    const sums = await page
      .locator('#windows tr', { has: page.locator('.phase.final') })
      .locator('.sum')
      .allTextContents()
    for (const sum of sums) {
      const [accepted, edge, burst, dead] = sum.replaceAll(',', '').match(/\d+/g)!.map(Number)
      expect(edge! + burst! + dead!).toBe(accepted)
    }
    expect(await page.locator('#windows .unsound').count()).toBe(0)
  })

  test('results are found by a part of their key', async () => {
    await page.locator('#results tbody tr').first().waitFor()
    const key = await textOf(page, '#results tbody tr:nth-child(2) th')
    await page.getByRole('searchbox', { name: 'Search keys' }).fill(key.slice(4))
    await untilText(page, '#results-note', `1 key with “${key.slice(4)}”`)
    expect(await page.locator('#results tbody th').allTextContents()).toEqual([key])
    await page.getByRole('searchbox').fill('nobody')
    await untilText(page, '#results-note', 'No key with “nobody”')
    await page.getByRole('searchbox').fill('')
    await page.locator('#results tbody tr').nth(5).waitFor()
  })

  test('dead letters are there with their reasons, and among what is wrong', async () => {
    await untilText(page, '#letter-reasons li', 'the price is no number')
    await page.locator('#letters summary').first().click()
    expect(await textOf(page, '#letters li:first-child pre')).toContain('"v":"a lot"')
    expect(await textOf(page, '#tile-wrong .note')).toMatch(/dead letters|Events die: \d+ in the last minute/)
  })

  test('a moment is looked at by keys alone, and read out in words', async () => {
    await page.getByRole('radio', { name: '5 min', exact: true }).focus()
    await page.keyboard.press('ArrowRight')
    expect(await page.getByRole('radio', { name: '15 min' }).isChecked()).toBe(true)
    const slider = page.getByRole('slider', { name: 'Look at one moment' })
    await slider.focus()
    await page.keyboard.press('ArrowLeft')
    // The page hears of the key a while later on a busy machine.
    await eventually(async () => expect(await textOf(page, '#moment-text')).toMatch(/^\d\d:\d\d:\d\d$/))
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/arrivals .*\/s.*queue delay/)
    await page.keyboard.press('End')
    await untilText(page, '#moment-text', 'now')
  })

  test('a page that is loaded again shows what was before it', async () => {
    await page.reload()
    await untilText(page, '#connection', 'live')
    await untilText(page, '#decisions li', 'Edge only')
    await page.waitForTimeout(300) // the frame after the history has come
    expect(await pixelsOf(page, ORANGE)).toBeGreaterThan(500)
  })

  test.each(['light', 'dark'] as const)(
    'axe finds no serious fault in %s, on a desk and on a phone',
    async (scheme) => {
      await page.emulateMedia({ colorScheme: scheme })
      for (const viewport of [DESK, PHONE]) {
        await page.setViewportSize(viewport)
        await untilText(page, '#results-note', 'keys in the last')
        expect(await faults(page)).toEqual([])
      }
    },
  )

  test('the theme is chosen by a button and kept', async () => {
    await page.getByRole('button', { name: 'Theme: auto' }).click()
    await page.getByRole('button', { name: 'Theme: light' }).click()
    await page.reload()
    await page.getByRole('button', { name: 'Theme: dark' }).click()
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBeUndefined()
  })

  test.each([360, 768, 1280, 2560])('%i px wide, nothing is scrolled sideways', async (width) => {
    await page.setViewportSize({ width, height: Math.round(width < 500 ? 780 : width * 0.5625) })
    await page.emulateMedia({ colorScheme: width === 2560 ? 'dark' : 'light' })
    await page.waitForTimeout(300) // the plots fit themselves in the next frame
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    if (PICTURES !== undefined && width !== 1280)
      await page.screenshot({ path: join(PICTURES, `dashboard-${width}.png`), fullPage: true })
  })

  test.each([1000, 1280, 1920])('%i px wide, each column of each table is seen', async (width) => {
    await page.setViewportSize({ width, height: 1000 })
    await page.locator('#results tbody tr').first().waitFor()
    const cut = `[...document.querySelectorAll('.scroll')].filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.ariaLabel)`
    expect(await page.evaluate(cut)).toEqual([])
    if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `tables-${width}.png`), fullPage: true })
  })

  test('a table that is wider than a phone is scrolled in its own place, by keys as well', async () => {
    await page.setViewportSize(PHONE)
    const rows = page.getByRole('region', { name: 'Result rows' })
    await rows.focus()
    await page.keyboard.press('ArrowRight')
    const scrolled = `document.querySelector('#panel-results .scroll').scrollLeft`
    await eventually(async () => expect(await page.evaluate(scrolled)).toBeGreaterThan(0))
  })

  test('nothing was complained about, forbidden, or asked for elsewhere', () => {
    expect(complaints).toEqual([])
  })

  test('a node that goes away is missed', async () => {
    await node.stop()
    await untilText(page, '#connection', 'no connection')
  })
})

here(`the dashboard of a node with tokens${why}`, () => {
  test('asks for one, says when it is not enough, and goes on with the right one', async () => {
    await ensureBuilt()
    const folder = await mkdtemp(join(tmpdir(), 'spillway-tokens-'))
    const tokens = join(folder, 'tokens.yaml')
    await writeFile(tokens, `- {name: looks, token: ${TOKEN}, scopes: [read]}\n`, { mode: 0o600 })
    const { node, url } = await stageNode(join(folder, 'data'), { tokens })
    const browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
    try {
      const { page, complaints } = await watched(browser)
      await page.goto(url)
      await page.getByLabel('Token').fill('not-the-token-of-the-test-0123')
      await page.getByRole('button', { name: 'Continue' }).click()
      await untilText(page, '#token-note', 'That token was not enough')
      expect(await faults(page)).toEqual([])
      await page.getByLabel('Token').fill(TOKEN)
      await page.keyboard.press('Enter')
      await untilText(page, '#connection', 'live')
      await page.reload()
      await untilText(page, '#connection', 'live')
      expect(complaints.filter((text) => !text.includes('401'))).toEqual([])
    } finally {
      await browser.close()
      await node.stop()
      await rm(folder, { recursive: true, force: true })
    }
  })
})
