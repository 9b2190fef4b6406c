import type { EChartsOption } from 'echarts'
import { optional } from '../../program/optional'
import type { Point } from './series'

/**
 * Colours that people with any kind of colour vision tell apart (Okabe and Ito), each with a line style of its own
 * where lines share a panel.
 */
export const COLOURS = {
  arriving: '#4d4d4d',
  edge: '#0072b2',
  burst: '#d55e00',
  backlog: '#009e73',
  delay: '#aa4499',
  limit: '#999999',
} as const

export interface Line {
  readonly name: string
  readonly colour: string
  readonly points: readonly Point[]
  readonly style?: 'solid' | 'dashed' | 'dotted'
  /** Filled down to the axis. */
  readonly isArea?: boolean
  /** Points shown as dots. */
  readonly hasDots?: boolean
}

/**
 * A set of axes with some lines. Panels with the same names of the y axis have to be given the same `yMax` to be
 * compared.
 */
export interface Panel {
  readonly title: string
  readonly y: string
  readonly yMax?: number
  readonly isLog?: boolean
  readonly lines: readonly Line[]
}

export interface Figure {
  readonly title: string
  readonly subtitle: string
  /** Name of the x axis of every panel, with its unit. */
  readonly x: string
  readonly xMax?: number
  readonly isLogX?: boolean
  /** Row by row. */
  readonly panels: readonly Panel[]
  readonly columns: number
  readonly width?: number
  readonly panelHeight?: number
}

const TOP = 96 // the title, the subtitle and the legend
const BOTTOM = 16
const LEFT = 84
const GAP_X = 88
const GAP_Y = 76
const RIGHT = 28

/** Where panel `index` lies, in pixels. */
export function placeOf(figure: Figure, index: number) {
  const { columns, width = 1200, panelHeight = 190 } = figure
  const panelWidth = (width - LEFT - RIGHT - GAP_X * (columns - 1)) / columns
  const [row, column] = [Math.floor(index / columns), index % columns]
  return {
    left: Math.round(LEFT + column * (panelWidth + GAP_X)),
    top: Math.round(TOP + 26 + row * (panelHeight + GAP_Y)),
    width: Math.round(panelWidth),
    height: panelHeight,
  }
}

export function heightOf({ panels, columns, panelHeight = 190 }: Figure): number {
  return TOP + BOTTOM + Math.ceil(panels.length / columns) * (panelHeight + GAP_Y)
}

/** The figure as the plotting library wants it. */
export function chartOption(figure: Figure): EChartsOption {
  const { panels, title, subtitle, x, xMax, isLogX = false } = figure
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))]
  const axisText = { color: '#333333', fontSize: 12 }
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'sans-serif' },
    title: [
      {
        text: title,
        subtext: subtitle,
        left: 16,
        top: 8,
        textStyle: { fontSize: 18 },
        subtextStyle: { fontSize: 13, color: '#333333' },
      },
      ...panels.map((panel, index) => panelTitle(figure, panel, index)),
    ],
    legend: { data: names, left: 16, top: 62, itemWidth: 32, itemGap: 32, textStyle: { fontSize: 12 } },
    grid: panels.map((_, index) => placeOf(figure, index)),
    xAxis: panels.map((_, gridIndex) => ({
      ...{ gridIndex, name: x, nameLocation: 'middle' as const, nameGap: 26, nameTextStyle: axisText },
      ...{ axisLabel: axisText, splitLine: { show: false } },
      ...(isLogX
        ? { type: 'log' as const }
        : { type: 'value' as const, min: 0, minInterval: 1, ...(xMax === undefined ? {} : { max: xMax }) }),
    })),
    yAxis: panels.map(({ y, isLog, yMax }, gridIndex) => ({
      ...{ gridIndex, name: y, nameLocation: 'middle' as const, nameGap: 62, nameTextStyle: axisText },
      ...{ axisLabel: { ...axisText, formatter: plainNumber }, splitLine: { lineStyle: { color: '#e6e6e6' } } },
      ...(isLog === true ? { type: 'log' as const, min: 1 } : { type: 'value' as const, min: 0 }),
      ...(yMax === undefined ? {} : { max: yMax }),
    })),
    series: panels.flatMap(({ lines, isLog }, index) => lines.map((line) => seriesOf(line, index, isLog === true))),
  }
}

/** Draws without a browser. Throws NotInstalled in a project that has no echarts: it is large, and few need plots. */
export function drawSvg(figure: Figure): string {
  const { init } = optional('plots need', ['echarts'], () => require('echarts') as typeof import('echarts'))
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: figure.width ?? 1200, height: heightOf(figure) })
  try {
    chart.setOption(chartOption(figure))
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

function panelTitle(figure: Figure, { title }: Panel, index: number) {
  const { left, top } = placeOf(figure, index)
  return { text: title, left: left - 4, top: top - 28, textStyle: { fontSize: 13, fontWeight: 'bold' as const } }
}

function seriesOf({ name, colour, points, style, isArea, hasDots }: Line, index: number, isLog: boolean) {
  return {
    type: 'line' as const,
    name,
    xAxisIndex: index,
    yAxisIndex: index,
    data: points.map(([x, y]) => [x, isLog ? Math.max(1, y) : y]),
    symbol: hasDots === true ? 'circle' : 'none',
    symbolSize: 7,
    color: colour,
    lineStyle: { color: colour, width: 1.8, type: style ?? 'solid' },
    ...(isArea === true ? { areaStyle: { color: colour, opacity: 0.15 } } : {}),
  }
}

/** The largest value of some panels' lines, a little rounded up: for axes that have to agree. */
export function sharedMax(panels: readonly Pick<Panel, 'lines'>[]): number {
  const most = panels.reduce(
    (high, { lines }) => lines.reduce((top, { points }) => points.reduce((max, [, y]) => Math.max(max, y), top), high),
    0,
  )
  const step = 10 ** Math.floor(Math.log10(Math.max(1, most))) / 2
  return Math.ceil(most / step) * step
}

const plainNumber = (value: number): string => value.toLocaleString('en-US')
