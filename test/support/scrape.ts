/** What a page of metrics says. */
export interface Scrape {
  readonly text: string
  /** For each name of a series, as it is in a query, its kind and its labels with their values. */
  readonly series: ReadonlyMap<string, Series>
  /** The value of the one series with these labels. Throws when there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number
}

export interface Series {
  readonly kind: string
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\.)*)"(?:,|$)/g

/** Reads the text format of Prometheus. Throws for a line that is not of it, and for a series that comes twice. */
export function scrapeOf(text: string): Scrape {
  const series = new Map<string, { kind: string; labels: Map<string, Set<string>> }>()
  const values = new Map<string, number>()
  let [family, kind] = ['', '']
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue
    if (line.startsWith('# TYPE ')) {
      ;[family = '', kind = ''] = line.slice('# TYPE '.length).split(' ')
      continue
    }
    const [, name, inner = '', value] = LINE.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`no line of metrics: ${line}`)
    if (!name.startsWith(family)) throw new Error(`${name} stands among those of ${family}`)
    const labels = labelsOf(inner)
    const known = series.get(name) ?? { kind, labels: new Map<string, Set<string>>() }
    series.set(name, known)
    for (const [label, one] of labels) known.labels.set(label, (known.labels.get(label) ?? new Set()).add(one))
    const key = keyOf(name, labels)
    if (values.has(key)) throw new Error(`${key} comes twice`)
    values.set(key, Number(value.replace('Inf', 'Infinity')))
  }
  const value = (name: string, labels: Readonly<Record<string, string>> = {}) => {
    const found = values.get(keyOf(name, Object.entries(labels)))
    if (found === undefined) throw new Error(`there is no ${keyOf(name, Object.entries(labels))}`)
    return found
  }
  return { text, series, value }
}

function labelsOf(inner: string): [string, string][] {
  const labels = [...inner.matchAll(LABEL)].map(([, name, value]): [string, string] => [name!, value!])
  if (labels.map(([name, value]) => `${name}="${value}"`).join(',') !== inner) throw new Error(`no labels: ${inner}`)
  return labels
}

const keyOf = (name: string, labels: readonly (readonly [string, string])[]) =>
  `${name} ${JSON.stringify([...labels].sort())}`
