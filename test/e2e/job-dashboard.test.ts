import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import axe, { type AxeResults } from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { ensureBuilt } from '../../dashboard/ensure-built'
import { controllers } from '../flink/controller/running-controller'
import { fakeFlinks } from '../flink/rest/fake-flink'
import { runningSidecars } from '../flink/sidecar/running-sidecar'
import { chromiumPath } from './dashboard-stage'

const executablePath = chromiumPath()
const here = executablePath === undefined ? test.skip : test
const why =
  executablePath === undefined ? ' (skipped: there is no Chromium here; SPILLWAY_CHROMIUM says where one is)' : ''
/** A folder that pictures are wanted in, as for the dashboard of a node. */
const PICTURES = process.env.SPILLWAY_SCREENSHOTS

jest.setTimeout(120_000)

const startFlink = fakeFlinks()
const startSidecar = runningSidecars()
const control = controllers()
let browser: Browser

beforeAll(async () => {
  expect(await ensureBuilt()).not.toMatchObject({ kind: 'impossible' })
  if (executablePath !== undefined) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
}, 120_000)

afterAll(async () => browser?.close(), 30_000)

/** What axe finds to be serious or worse. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ help }) => help)
}

here(`the dashboard of a job shows the job and its sidecars, in the place of windows and results${why}`, async () => {
  const flink = await startFlink({ pending: 1_200 })
  const [a, b] = [await startSidecar({ mode: 'auto' }), await startSidecar({ mode: 'auto' })]
  const { app, round } = control({ flink: flink.url, sidecars: { a: a.address, b: b.address } })
  for (let times = 0; times < 3; times++) await round()
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 }, colorScheme: 'light' })
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(url)
  await page.locator('#job', { hasText: '1,200 records' }).waitFor()
  expect(await page.locator('#job-state').textContent()).toBe('spillway bids is running')
  expect(await page.locator('#job').textContent()).toContain('41 completed, 6 failed')
  expect(await page.locator('#sidecars tr').count()).toBe(2)
  for (const id of ['windows', 'results', 'letters']) expect(await page.locator(`#panel-${id}`).isVisible()).toBe(false)
  b.stop()
  for (let times = 0; times < 3; times++) await round()
  await page.locator('#sidecars tr', { hasText: 'gone' }).waitFor()
  await page.locator('#tile-wrong', { hasText: 'Sidecar b' }).waitFor()
  expect(await faults(page)).toEqual([])
  for (const [name, viewport] of Object.entries({
    desk: { width: 1280, height: 1000 },
    phone: { width: 360, height: 780 },
  })) {
    await page.setViewportSize(viewport)
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/job-${name}.png`, fullPage: true })
  }
  expect(complaints).toEqual([])
})
