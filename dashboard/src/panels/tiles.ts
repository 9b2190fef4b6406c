import type { Overview } from '../../../edge-node/observe/feed'
import { byId, make, setText, showList } from '../dom'
import { clock } from '../format'
import { type Pace, type Problem, problems } from './headline'
import { burstTile, costTile, paceTile, type Tile } from './tile-texts'

/** The four answers: of now, or of the moment that `isPast` says. */
export function showTiles(overview: Overview, pace: Pace, isPast: boolean): void {
  byId('tiles-when').hidden = !isPast
  if (isPast) setText(byId('tiles-when'), `At ${clock(overview.atMs)}:`)
  show('tile-pace', paceTile(overview, pace))
  show('tile-burst', burstTile(overview, pace))
  show('tile-cost', costTile(overview, pace))
  showProblems(problems(overview, pace))
}

function showProblems(found: readonly Problem[]): void {
  const tile = byId('tile-wrong')
  tile.dataset.tone = found[0]?.tone ?? 'good'
  const list = tile.querySelector<HTMLElement>('.note')!
  setText(tile.querySelector('.big')!, found.length === 0 ? 'Nothing' : `${found.length} to look at`)
  showList(
    list,
    found,
    ({ text }) => text,
    ({ text }) => make('li', '', text),
  )
}

function show(id: string, { tone, big, note, share, label }: Tile): void {
  const tile = byId(id)
  const meter = tile.querySelector<HTMLElement>('.meter')!
  tile.dataset.tone = tone
  setText(tile.querySelector('.big')!, big)
  setText(tile.querySelector('.note')!, note)
  meter.style.setProperty('--share', String(Math.min(1, Math.max(0, share))))
  meter.setAttribute('aria-label', label)
}

/** What the page says of its connection. */
export function showConnection(state: 'live' | 'lost' | 'connecting', text: string): void {
  const element = byId('connection')
  element.dataset.state = state
  setText(element, text)
  document.body.dataset.connection = state
}

export const showIdentity = ({ pipeline, version, incarnation, bootEpoch, atMs, job }: Overview): void => {
  setText(byId('pipeline'), pipeline)
  setText(byId('version'), `version ${version.slice(0, 12)}`)
  const what = job === undefined ? `log ${incarnation.slice(0, 8)}, boot ${bootEpoch}` : `job ${job.jobId ?? 'unknown'}`
  setText(byId('identity'), `${what}, as of ${clock(atMs)}`)
}
