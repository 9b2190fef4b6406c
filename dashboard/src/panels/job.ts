import type { Overview, SidecarShown } from '../../../edge-node/observe/feed'
import { byId, make, setText, showList } from '../dom'
import { cellsOf, jobFacts } from './job-facts'

/** What holds windows and results of a job is its own sink. */
const ONLY_OF_A_NODE = ['panel-windows', 'panel-results', 'panel-letters']

/** The panel of a Flink job, in the place of those that only an edge node can fill. */
export function showJob({ job, atMs }: Overview): void {
  byId('main').dataset.of = job === undefined ? 'node' : 'job'
  byId('panel-job').hidden = job === undefined
  byId('panel-sidecars').hidden = job === undefined
  for (const id of ONLY_OF_A_NODE) byId(id).hidden = job !== undefined
  if (job === undefined) return
  setText(byId('job-state'), job.problem ?? `${job.name ?? ''} is ${(job.state ?? 'not known').toLowerCase()}`)
  const facts = jobFacts(job, atMs)
  const list = byId('job')
  const create = ([name]: readonly [string, string]) => make('div', '', make('dt', '', name), make('dd', ''))
  showList(list, facts, ([name]) => name, create)
  for (const [place, [, value]] of facts.entries()) setText(list.children[place]!.lastElementChild!, value)
  showSidecars(job.sidecars)
}

function showSidecars(sidecars: readonly SidecarShown[]): void {
  const heard = sidecars.filter(({ hearing }) => hearing === 'heard').length
  setText(byId('sidecars-state'), `${heard} of ${sidecars.length} answer`)
  const body = byId('sidecars')
  showList(body, sidecars, ({ name }) => name, row)
  for (const [place, sidecar] of sidecars.entries()) {
    const cells = body.children[place]!.children
    for (const [column, text] of cellsOf(sidecar).entries()) setText(cells[column + 1]!, text)
    cells[1]!.className = `state ${sidecar.hearing}`
  }
}

const row = ({ name }: SidecarShown): HTMLElement => {
  const head = make('th', '', name)
  head.scope = 'row'
  return make('tr', '', head, ...Array.from({ length: 5 }, (_, column) => make('td', column === 0 ? '' : 'number')))
}
