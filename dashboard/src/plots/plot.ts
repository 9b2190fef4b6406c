import uPlot from 'uplot'
import { make, setText } from '../dom'
import { clock } from '../format'
import { labelHeights, runs } from './geometry'
import type { ColorName, Palette } from './palette'
import type { SampleRing } from './sample-ring'
import type { Column } from './samples'

/** A line, or an area where it has a fill: down to zero, or to the curve before it when stacked. */
export interface Curve {
  readonly label: string
  readonly column: Column
  readonly color: ColorName
  readonly isArea?: boolean
  readonly dash?: number[]
  /** The value in the legend, where it is not the curve's own: of a stacked one, its share. */
  readonly less?: Column
}

/** A constant, drawn across and labelled. */
export interface Mark {
  readonly label: string
  readonly value: number
  readonly color: ColorName
}

export interface PlotSpec {
  readonly title: string
  readonly format: (value: number) => string
  /** Where there is more than one area, the lower one comes last, so that it is drawn above. */
  readonly curves: readonly Curve[]
  /** What the times of bursting behind the curves are called, where it is to be said. */
  readonly band?: string
  /** The least height of the scale. */
  readonly least: number
}

/** What is shown: the newest `length` samples of a ring, from one time to another. */
export interface View {
  readonly ring: SampleRing<Column>
  readonly fromS: number
  readonly toS: number
}

const TEXT_PX = 12
const FONT = `${TEXT_PX}px system-ui, sans-serif`
const HEADROOM = 1.12 // for what is written above the topmost line

/** One plot with its legend. It copies nothing: the arrays of the ring are drawn as they are. */
export class Plot {
  readonly element: HTMLElement
  private readonly chart: uPlot
  private readonly values: HTMLElement[]
  private marks: readonly Mark[] = []
  private bursting: Float64Array = new Float64Array(0)
  private view: View | undefined

  constructor(
    private readonly spec: PlotSpec,
    private readonly palette: Palette,
    private readonly onCursor: (index: number | null) => void,
    private readonly onZoom: (fromS: number, toS: number) => void,
  ) {
    this.values = spec.curves.map(() => make('b', ''))
    const canvas = make('div', 'canvas')
    this.element = make('figure', 'plot', this.caption(), canvas)
    this.chart = new uPlot(this.options(), [[]], canvas)
    new ResizeObserver(() => this.fit(canvas)).observe(canvas)
  }

  show(view: View, marks: readonly Mark[]): void {
    this.view = view
    this.marks = marks
    const { ring, fromS, toS } = view
    this.bursting = ring.view('bursting')
    const data: uPlot.AlignedData = [ring.view('atS'), ...this.spec.curves.map(({ column }) => ring.view(column))]
    this.chart.batch(() => {
      this.chart.setData(data, false)
      this.chart.setScale('x', { min: fromS, max: toS })
    })
    this.tell(this.chart.cursor.idx ?? null)
  }

  redraw(): void {
    this.chart.redraw(false, true)
  }

  /** Puts the cursor at a sample; null takes it away. */
  point(index: number | null): void {
    const atS = index === null ? undefined : this.view?.ring.view('atS')[index]
    const left = atS === undefined ? -10 : this.chart.valToPos(atS, 'x')
    this.chart.setCursor({ left, top: atS === undefined ? -10 : 1 }, false)
    this.tell(index)
  }

  /** The values at a sample, or of now, in words. */
  wordsAt(index: number | null): string {
    return this.spec.curves.map((curve) => `${curve.label} ${this.spec.format(this.valueOf(curve, index))}`).join(', ')
  }

  private tell(index: number | null): void {
    for (const [place, curve] of this.spec.curves.entries()) {
      setText(this.values[place]!, this.spec.format(this.valueOf(curve, index)))
    }
  }

  private valueOf({ column, less }: Curve, index: number | null): number {
    const ring = this.view?.ring
    if (ring === undefined || ring.length === 0) return 0
    const at = index ?? ring.length - 1
    return (ring.view(column)[at] ?? 0) - (less === undefined ? 0 : (ring.view(less)[at] ?? 0))
  }

  private caption(): HTMLElement {
    const items = this.spec.curves.map(({ isArea, dash, color, label }, place) => {
      const kind = isArea ? 'area' : dash ? 'dashed' : ''
      return make('span', 'legend', swatch(kind, color), `${label} `, this.values[place]!)
    })
    if (this.spec.band !== undefined) items.unshift(make('span', 'legend', swatch('area', 'band'), this.spec.band))
    // What is drawn last lies on top, and is named first.
    return make('figcaption', '', make('h3', '', this.spec.title), make('div', 'legends', ...items.reverse()))
  }

  private fit(canvas: HTMLElement): void {
    const { clientWidth: width, clientHeight: height } = canvas
    if (width > 0 && height > 0) this.chart.setSize({ width, height })
  }

  private options(): uPlot.Options {
    const axis = { stroke: () => this.palette.of('ink'), font: FONT, ticks: { show: false } }
    const grid = { stroke: () => this.palette.of('grid'), width: 1 }
    return {
      width: 300,
      height: 120,
      legend: { show: false },
      padding: [8, 26, 0, 0],
      cursor: {
        sync: { key: 'spillway' },
        y: false,
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
      },
      scales: { x: { time: true, auto: false }, y: { range: (_chart, _min, max) => [0, this.top(max)] } },
      axes: [
        {
          ...axis,
          grid,
          size: 28,
          values: (_chart, at) => at.map((atS) => clock(atS * 1_000)),
          space: (_chart, _axis, _min, _max, size) => Math.max(58, size / 9),
        },
        { ...axis, grid, size: 64, values: (_chart, at) => at.map((value) => this.spec.format(value)), space: 28 },
      ],
      series: [{}, ...this.spec.curves.map((curve) => this.series(curve))],
      bands: this.bands(),
      hooks: {
        drawClear: [(chart) => this.drawBursts(chart)],
        draw: [(chart) => this.drawMarks(chart)],
        setCursor: [({ cursor: { idx } }) => this.moved(idx ?? null)],
        setSelect: [(chart) => this.selected(chart)],
      },
    }
  }

  private series({ color, isArea, dash }: Curve): uPlot.Series {
    const stroke = () => this.palette.of(color)
    const area = isArea ? { fill: () => translucent(this.palette.of(color), 0.65) } : {}
    return { stroke, width: isArea ? 1 : 2, points: { show: false }, ...(dash && { dash }), ...area }
  }

  /** Of two stacked areas the upper one is filled down to the lower. */
  private bands(): uPlot.Band[] {
    const areas = this.spec.curves.flatMap(({ isArea }, place) => (isArea ? [place + 1] : []))
    return areas.slice(1).map((lower, upper) => ({ series: [areas[upper]!, lower] }))
  }

  private top(max: number | null): number {
    const marks = this.marks.map(({ value }) => value)
    return Math.max(this.spec.least, max ?? 0, ...marks) * HEADROOM
  }

  private moved(index: number | null): void {
    this.tell(index)
    this.onCursor(index)
  }

  private selected(chart: uPlot): void {
    const { left, width } = chart.select
    if (width < 4) return
    this.onZoom(chart.posToVal(left, 'x'), chart.posToVal(left + width, 'x'))
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  }

  /** The times of bursting, behind everything. */
  private drawBursts(chart: uPlot): void {
    const { ctx, bbox } = chart
    const times = chart.data[0]
    ctx.save()
    ctx.fillStyle = this.palette.of('band')
    for (const [first, last] of runs(this.bursting)) {
      const from = Math.max(bbox.left, chart.valToPos(times[first]!, 'x', true))
      const to = Math.min(
        bbox.left + bbox.width,
        chart.valToPos(times[Math.min(last + 1, times.length - 1)]!, 'x', true),
      )
      if (to > from) ctx.fillRect(from, bbox.top, Math.max(1, to - from), bbox.height)
    }
    ctx.restore()
  }

  private drawMarks(chart: uPlot): void {
    const { ctx, bbox } = chart
    ctx.save()
    ctx.font = `${TEXT_PX * devicePixelRatio}px system-ui, sans-serif`
    ctx.lineJoin = 'round'
    ctx.textAlign = 'left'
    const lines = this.marks.map(({ value }) => Math.round(chart.valToPos(value, 'y', true)))
    ctx.lineWidth = devicePixelRatio
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio])
    for (const [index, { color }] of this.marks.entries()) {
      const y = lines[index]!
      ctx.strokeStyle = this.palette.of(color)
      ctx.beginPath()
      ctx.moveTo(bbox.left, y)
      ctx.lineTo(bbox.left + bbox.width, y)
      ctx.stroke()
    }
    // After all lines, so that none goes through a text.
    ctx.setLineDash([])
    ctx.strokeStyle = this.palette.of('panel')
    ctx.lineWidth = 4 * devicePixelRatio
    const space = { height: (TEXT_PX + 6) * devicePixelRatio, gap: 5 * devicePixelRatio }
    const heights = labelHeights(lines, { ...space, bottom: bbox.top + bbox.height })
    for (const [index, { label, color }] of this.marks.entries()) {
      const at = [bbox.left + 8 * devicePixelRatio, heights[index]!] as const
      ctx.fillStyle = this.palette.of(color)
      ctx.strokeText(label, ...at)
      ctx.fillText(label, ...at)
    }
    ctx.restore()
  }
}

function swatch(kind: string, color: ColorName): HTMLElement {
  const element = make('i', `swatch ${kind}`)
  element.style.setProperty('--swatch', `var(--${color})`)
  return element
}

const translucent = (color: string, alpha: number) => color.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`)
