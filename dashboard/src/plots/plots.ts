import type { Overview } from '../../../edge-node/observe/feed'
import { byId, setText } from '../dom'
import { clock, count, duration, rate } from '../format'
import { Palette } from './palette'
import { type Mark, Plot, type PlotSpec, type View } from './plot'
import type { Samples } from './samples'

const RECENT_S = 60 // up to so long the plots show each sample, and else one a second

const SPECS = {
  load: {
    title: 'Events per second',
    format: rate,
    band: 'bursting',
    least: 10,
    curves: [
      { label: 'burst', column: 'bothRates', color: 'burst', isArea: true, less: 'edgeRate' },
      { label: 'edge', column: 'edgeRate', color: 'edge', isArea: true },
      { label: 'true rate (what fits)', column: 'trueRate', color: 'capacity', dash: [8, 5] },
      { label: 'arrivals', column: 'arrivals', color: 'arrivals' },
    ],
  },
  delay: {
    title: 'Queue delay',
    format: duration,
    least: 50,
    curves: [{ label: 'queue delay', column: 'queueDelayMs', color: 'delay' }],
  },
  backlog: {
    title: 'Events under way',
    format: count,
    least: 10,
    curves: [
      { label: 'backlog at the edge', column: 'backlogEvents', color: 'backlog' },
      { label: 'in flight to the cloud', column: 'inFlightEvents', color: 'flight' },
    ],
  },
} as const satisfies Record<string, PlotSpec>

/** The plots under one cursor and one time, live or held. */
export class Plots {
  private readonly palette = new Palette()
  private readonly plots: Record<keyof typeof SPECS, Plot>
  private readonly slider = byId<HTMLInputElement>('moment')
  private rangeS = 300
  /** A time that is held; undefined while live. */
  private held: { readonly fromS: number; readonly toS: number } | undefined
  private cursorS: number | null = null
  private isPointing = false
  private limits = { limitMs: 0, latencyTargetMs: 0, bursts: true }

  constructor(private readonly samples: Samples) {
    const plot = (spec: PlotSpec) => {
      const onZoom = (fromS: number, toS: number) => this.hold(fromS, toS)
      const made = new Plot(spec, this.palette, (index) => this.pointed(index), onZoom)
      byId('plots').append(made.element)
      return made
    }
    this.plots = { load: plot(SPECS.load), delay: plot(SPECS.delay), backlog: plot(SPECS.backlog) }
    byId('ranges').addEventListener('change', ({ target }) => this.choose(Number((target as HTMLInputElement).value)))
    byId('live').addEventListener('click', () => this.choose(this.rangeS))
    this.slider.addEventListener('input', () => this.slid())
  }

  /** The latest decision's limits, drawn across the delay. */
  setLimits({ limitMs, latencyTargetMs, cloud }: Pick<Overview, 'limitMs' | 'latencyTargetMs' | 'cloud'>): void {
    this.limits = { limitMs, latencyTargetMs, bursts: cloud.none !== true }
  }

  recolor(): void {
    this.palette.refresh()
    for (const plot of Object.values(this.plots)) plot.redraw()
  }

  /** How many seconds ago the moment is that the slider holds, of the samples by the second; null while it is now. */
  get heldAge(): number | null {
    if (this.cursorS === null) return null
    const times = this.samples.seconds.view('atS')
    return times.length === 0 ? null : times.length - 1 - indexOf(times, this.cursorS)
  }

  /** How often the picture changes, in ms. */
  get everyMs(): number {
    return this.rangeS > RECENT_S ? 1_000 : 100
  }

  draw(): void {
    const view = this.view()
    this.plots.load.show(view, [])
    this.plots.delay.show(view, this.marks())
    this.plots.backlog.show(view, [])
    this.slider.max = String(Math.max(1, view.ring.length - 1))
    this.pointAgain(view)
  }

  /** The samples that are drawn while the time is live. */
  get ring(): View['ring'] {
    return this.held === undefined ? this.view().ring : this.samples.recent
  }

  private view(): View {
    const { recent, seconds } = this.samples
    const nowS = this.samples.now('atS')
    // A node that has just started would show its first minute as a sliver.
    const sinceS = Math.min(seconds.view('atS')[0] ?? nowS, nowS - RECENT_S)
    const { fromS, toS } = this.held ?? { fromS: Math.max(nowS - this.rangeS, sinceS), toS: nowS }
    const isRecent = recent.length > 1 && fromS >= nowS - RECENT_S
    return { ring: isRecent ? recent : seconds, fromS, toS }
  }

  private marks(): Mark[] {
    const { limitMs, latencyTargetMs, bursts } = this.limits
    if (latencyTargetMs === 0) return []
    const target = { label: `target ${duration(latencyTargetMs)}`, value: latencyTargetMs, color: 'target' } as const
    if (!bursts) return [target]
    return [target, { label: `limit ${duration(limitMs)}: more bursts`, value: limitMs, color: 'limit' }]
  }

  private choose(rangeS: number): void {
    this.rangeS = rangeS
    this.held = undefined
    byId('live').hidden = true
    this.release()
    this.draw()
  }

  private hold(fromS: number, toS: number): void {
    this.held = { fromS, toS }
    byId('live').hidden = false
    this.draw()
  }

  /**
   * The pointer is over a plot; its time is what the slider and the text tell. One that is over none, or that a page
   * which moves has left behind, takes nothing from a moment that was chosen with the slider.
   */
  private pointed(index: number | null): void {
    if (this.isPointing || (index === null && this.cursorS !== null)) return
    const atS = index === null ? null : (this.view().ring.view('atS')[index] ?? null)
    this.cursorS = null
    this.tell(index, atS)
  }

  private slid(): void {
    const { ring } = this.view()
    const index = Number(this.slider.value)
    const isNow = this.slider.value === this.slider.max
    this.cursorS = isNow ? null : (ring.view('atS')[index] ?? null)
    this.point(isNow ? null : index)
  }

  private release(): void {
    this.cursorS = null
    this.point(null)
  }

  /** The moment looked at stays where it is while time goes on. */
  private pointAgain({ ring }: View): void {
    if (this.cursorS === null) {
      if (document.activeElement !== this.slider) this.slider.value = this.slider.max
      return
    }
    this.point(indexOf(ring.view('atS'), this.cursorS))
  }

  private point(index: number | null): void {
    this.isPointing = true
    for (const plot of Object.values(this.plots)) plot.point(index)
    this.isPointing = false
    this.tell(index, index === null ? null : (this.view().ring.view('atS')[index] ?? null))
  }

  private tell(index: number | null, atS: number | null): void {
    const when = atS === null ? 'now' : clock(atS * 1_000)
    setText(byId('moment-text'), when)
    this.slider.value = index === null ? this.slider.max : String(index)
    const words = Object.values(this.plots).map((plot) => plot.wordsAt(index))
    this.slider.setAttribute('aria-valuetext', `${when}: ${words.join(', ')}`)
  }
}

/** The place of the first time that is not before `atS`. */
function indexOf(times: Float64Array, atS: number): number {
  let low = 0
  let high = times.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! < atS) low = middle + 1
    else high = middle
  }
  return low
}
