import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { controllers } from '../flink/controller/running-controller'
import { fakeFlinks } from '../flink/rest/fake-flink'
import { runningSidecars } from '../flink/sidecar/running-sidecar'
import { eventually } from '../support/eventually'
import { event, startNode } from '../support/fixture'
import { type Scrape, scrapeOf } from '../support/scrape'
import { temporaryFolders } from '../support/temporary-folder'
import { ADDED, problemsOf, readQuery } from './promql'

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly labels: { readonly severity: string }
  readonly annotations: Readonly<Record<string, string>>
}

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

const fileOf = (name: string) => readFileSync(join(__dirname, '../../monitoring', name), 'utf8')
const alerts = parse(fileOf('prometheus/alerts.yml')) as { readonly groups: readonly { readonly rules: Rule[] }[] }
const rules = alerts.groups.flatMap((group) => group.rules)
const dashboard = JSON.parse(fileOf('grafana/dashboard.json')) as {
  readonly panels: readonly Panel[]
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] }
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] }
}
const shown = dashboard.panels.filter(({ type }) => type !== 'row')
const targets = shown.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })))
const variables = dashboard.templating.list.flatMap(({ name, definition }) =>
  definition ? [{ name, definition }] : [],
)

/** Every query of the files with where it stands. */
const QUERIES: readonly (readonly [where: string, query: string])[] = [
  ...rules.map(({ alert, expr }) => [`alert ${alert}`, expr] as const),
  ...targets.map(({ title, expr, legendFormat }) => [`panel ${title}: ${legendFormat}`, expr] as const),
  ...dashboard.annotations.list.map(({ name, expr }) => [`annotation ${name}`, expr] as const),
]

const newFolder = temporaryFolders()
const startFlink = fakeFlinks()
const startSidecar = runningSidecars()
const control = controllers()
let found: Scrape
beforeAll(async () => {
  const node = await startNode({ folder: await newFolder(), config: { mode: 'always' } })
  try {
    await node.post([event('a', 1), event('a', 14)].join('\n'))
    await eventually(async () => expect((await node.status()).windows.final).toBe(1))
    const { app, round } = control({
      flink: (await startFlink()).url,
      sidecars: { a: (await startSidecar({ mode: 'auto' })).address },
    })
    await round()
    await round()
    const texts = [await node.app.inject('/metrics'), await app.inject('/metrics')].map(({ body }) => body)
    const series = texts.flatMap((text) => [...scrapeOf(text).series])
    found = { ...scrapeOf(texts[0]!), series: new Map(series.reverse()) } // what both have is read as a node has it
  } finally {
    await node.stop()
  }
}, 30_000)

describe('every query', () => {
  test.each(QUERIES)('%s reads what a node has', (_, query) => {
    expect(problemsOf(query, found.series)).toEqual([])
  })

  test.each([
    ['spillway_backlog', 'there is no spillway_backlog'],
    ['spillway_backlog_events{node="a"}', 'spillway_backlog_events has no label node'],
    ['spillway_events_total{outcome="lost"}', 'outcome of spillway_events_total is never lost'],
    ['rate(spillway_events_total{outcome=~"edge|lost"}[5m])', 'outcome of spillway_events_total is never lost'],
    ['sum by (pod) (spillway_ready)', 'nothing has a label pod'],
    ['rate(spillway_backlog_events[5m])', 'rate of spillway_backlog_events, a gauge'],
    ['deriv(spillway_envelopes_total[5m])', 'deriv of spillway_envelopes_total, a counter'],
    ['spillway_envelopes_total', 'spillway_envelopes_total is a counter and read as it is'],
  ])('%s would be found out', (query, problem) => {
    expect(problemsOf(query, found.series)).toContain(problem)
  })
})

describe('the alert rules', () => {
  test('have names of their own, and say what happens, what it means and what to do', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const rule of rules) {
      expect(rule.alert).toMatch(/^Spillway[A-Z]\w+$/)
      expect(rule.for).toMatch(/^\d+[smh]$/)
      expect(['critical', 'warning']).toContain(rule.labels.severity)
      expect(Object.keys(rule.annotations)).toEqual(['summary', 'description', 'action'])
      for (const text of Object.values(rule.annotations)) expect(text.length).toBeGreaterThan(20)
    }
  })

  test('tell which node it is, by a label that the alert has', () => {
    for (const { expr, annotations } of rules) {
      const named = [
        ...Object.values(annotations)
          .join(' ')
          .matchAll(/\$labels\.(\w+)/g),
      ].map(([, label]) => label)
      expect(new Set(named)).toEqual(new Set(['instance']))
      if (/\bby \(/.test(expr)) expect(readQuery(expr).labels).toContain('instance')
    }
  })

  test('round each number that they tell: a rate over minutes has sixteen digits', () => {
    for (const { alert, annotations } of rules)
      for (const [inserted] of Object.values(annotations)
        .join(' ')
        .matchAll(/\{\{[^}]*\$value[^}]*\}\}/g))
        expect([alert, inserted]).toEqual([
          alert,
          expect.stringMatching(/^\{\{ (printf "%\.\df" \$value|\$value \| humanize(Duration|Percentage)) \}\}$/),
        ])
  })

  test('carry no label of the series that would tell the opposite: which node it is is all that they add', () => {
    for (const { alert, expr } of rules) {
      const query = readQuery(expr)
      const chosen = query.selectors.flatMap(({ matchers }) => matchers.map(({ label }) => label))
      const carried = query.labels.length > 0 ? query.labels : chosen
      expect([alert, carried.filter((label) => !['instance', 'job', 'le'].includes(label))]).toEqual([alert, []])
    }
  })
})

describe('the dashboard', () => {
  test('has panels that do not overlap, each with a number, a title and something to show', () => {
    const cells = new Set<string>()
    for (const { gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.has(`${x} ${y}`)).toBe(false)
          cells.add(`${x} ${y}`)
        }
    }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
    for (const { title, targets = [] } of shown) expect([title !== '', targets.length > 0]).toEqual([true, true])
  })

  test('names lines by labels that their queries leave', () => {
    for (const { title, expr, legendFormat } of targets) {
      const query = readQuery(expr)
      const isGrouped = /\b(sum|max|min)\b/.test(expr)
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        expect([title, ...(isGrouped ? query.labels : [...query.labels, 'instance'])]).toContain(label)
    }
  })

  test('lets choose among nodes, and every query obeys', () => {
    for (const { definition } of variables) {
      const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(definition!) ?? []
      expect([found.series.has(metric ?? ''), ADDED.includes(label ?? '')]).toEqual([true, true])
    }
    for (const { expr } of targets)
      for (const { matchers } of readQuery(expr).selectors)
        expect(matchers).toContainEqual({ label: 'instance', operator: '=~', value: '$instance' })
  })
})
