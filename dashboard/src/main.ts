import 'uplot/dist/uPlot.min.css'
import './style/page.css'
import './style/plots-and-lists.css'
import './style/parts-and-screens.css'
import type { FeedEvents, HistoryAnswer, Overview, Sample } from '../../edge-node/observe/feed'
import { askJson } from './api'
import { type ConnectionListener, follow } from './connection'
import { byId, setText } from './dom'
import { meanLatencyMs, overviewAt, paceAt, paceOf } from './pace'
import { showCloud } from './panels/cloud'
import { DeadLetterList } from './panels/dead-letters'
import { showDecisions } from './panels/decisions'
import { headline, type Pace } from './panels/headline'
import { showJob } from './panels/job'
import { ResultSearch } from './panels/results'
import { showConnection, showIdentity, showTiles } from './panels/tiles'
import { showPhases, showWindows } from './panels/windows'
import { Plots } from './plots/plots'
import { Samples } from './plots/samples'
import { theme } from './plots/theme'

const WORDS_MS = 250 // numbers in words change no faster than one reads

/** The page: takes what the feed says and shows it. */
class Page implements ConnectionListener {
  private readonly samples = new Samples()
  private readonly plots = new Plots(this.samples)
  private readonly results = new ResultSearch()
  private readonly letters = new DeadLetterList()
  private readonly shows: { readonly [Name in keyof FeedEvents]: (data: FeedEvents[Name]) => void } = {
    fields: (fields) => this.samples.setFields(fields),
    sample: (sample) => this.showSample(sample),
    overview: (overview) => this.showOverview(overview),
    decisions: showDecisions,
    windows: showWindows,
  }
  private overview: Overview | undefined
  private finals = -1
  private drawnAtMs = 0
  private saidAtMs = 0
  private isDrawing = false

  constructor() {
    theme(() => this.plots.recolor())
    for (const scroll of document.querySelectorAll<HTMLElement>('.scroll')) scroll.tabIndex = 0 // to be scrolled by keys
    byId('moment').addEventListener('input', () => this.showPace())
    void follow(this)
  }

  async opened(): Promise<void> {
    this.samples.load(await askJson<HistoryAnswer>('/v1/history'))
    showConnection('live', 'live')
    this.finals = -1
    this.plots.draw()
  }

  lost(reason: string): void {
    showConnection('lost', `no connection: ${reason}`)
  }

  on<Name extends keyof FeedEvents>(name: Name, data: FeedEvents[Name]): void {
    this.shows[name](data)
  }

  private showSample(sample: Sample): void {
    this.samples.add(sample)
    this.drawSoon()
  }

  private showOverview(overview: Overview): void {
    this.overview = overview
    const { windows, events, policy, mode } = overview
    showIdentity(overview)
    setText(byId('results-kept'), keptInWords(overview))
    showPhases(windows)
    setText(byId('policy'), `policy ${policy}, mode ${mode}`)
    showCloud(overview, meanLatencyMs(this.samples))
    this.plots.setLimits(overview)
    showJob(overview)
    if (overview.job === undefined) {
      this.letters.total(events.deadLettered)
      if (windows.final !== this.finals) this.results.refresh()
    }
    this.finals = windows.final
    this.drawSoon()
  }

  /** Draws with the next frame, at most as often as the picture changes; a hidden page draws nothing. */
  private drawSoon(): void {
    if (this.isDrawing) return
    this.isDrawing = true
    requestAnimationFrame((nowMs) => {
      this.isDrawing = false
      if (nowMs - this.drawnAtMs < this.plots.everyMs * 0.9) return
      this.drawnAtMs = nowMs
      this.plots.draw()
      if (nowMs - this.saidAtMs < WORDS_MS) return
      this.saidAtMs = nowMs
      this.showPace() // with the plots, and of the same sample: else one page would have two numbers for one thing
    })
  }

  private showPace(): void {
    if (this.overview === undefined) return
    const pace = paceOf(this.samples, this.plots.ring)
    showHeadline(this.overview, pace)
    const age = this.plots.heldAge
    if (age === null) showTiles(this.overview, pace, false)
    else showTiles(overviewAt(this.samples, age, this.overview), paceAt(this.samples, age), true)
  }
}

/** How long results are kept, as a sentence. */
function keptInWords({ retention }: Overview): string {
  if (retention === '') return ''
  return `${retention.charAt(0).toUpperCase()}${retention.slice(1)}.`
}

function showHeadline(overview: Overview, pace: Pace): void {
  const { chip, tone, sentence, why } = headline(overview, pace)
  const isNew = byId('chip').textContent !== chip
  byId('headline').dataset.tone = tone
  setText(byId('chip'), chip)
  setText(byId('sentence'), sentence)
  setText(byId('why'), why)
  if (!isNew) return
  setText(byId('announcer'), `${chip}. ${sentence}`) // a change of state is read out, each number is not
  document.title = `${chip} – ${overview.pipeline} – Spillway`
}

new Page()
