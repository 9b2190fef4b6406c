import { COLOURS, drawSvg, type Figure, type Line, type Panel, sharedMax } from '../plots/plot'
import type { Point } from '../plots/series'
import type { Advice, Answer } from './advice'
import { lengthOf } from './advice-text'

/** The advice as an SVG image: the load over the capacity, what waited, and what bursting would have made of it. */
export const adviceSvg = (advice: Advice): string => drawSvg(figureOf(advice))

/** A page with the image and the text, for people who pass it on. */
export const adviceHtml = (advice: Advice, text: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Would bursting help?</title>
<body style="font-family: sans-serif; max-width: 1220px; margin: 2em auto">
${adviceSvg(advice)}
<pre style="white-space: pre-wrap">${escaped(text)}</pre>
</body>
</html>
`

export function figureOf(advice: Advice): Figure {
  const { where, answer, seconds } = advice
  const { unit, seconds: perUnit } = scaleOf(seconds)
  const at = (bin: number) => ((bin + 1) * advice.binSeconds) / perUnit
  const points = (values: readonly number[]): Point[] => values.map((value, bin) => [at(bin), value])
  return {
    title: 'Would bursting help?',
    subtitle: `${where}: ${lengthOf(seconds)}`,
    x: `time (${unit})`,
    xMax: Math.ceil(
      (Math.max(advice.seen.arrived.length, answer?.asItIs.burst.length ?? 0) * advice.binSeconds) / perUnit - 0.1,
    ),
    panels: [
      loadPanel(advice, points),
      waitingPanel(advice, points),
      ...(answer === null ? [] : whatIf(answer, points)),
    ],
    columns: 1,
  }
}

type ToPoints = (values: readonly number[]) => Point[]

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function scaleOf(seconds: number): { readonly unit: string; readonly seconds: number } {
  if (seconds > 3 * 86_400) return { unit: 'days', seconds: 86_400 }
  if (seconds > 3 * 3_600) return { unit: 'hours', seconds: 3_600 }
  return seconds > 600 ? { unit: 'min', seconds: 60 } : { unit: 's', seconds: 1 }
}

function loadPanel({ seen, answer }: Advice, points: ToPoints): Panel {
  const perSecond = (events: readonly number[]) => points(events.map((count) => count / seen.binSeconds))
  const lines: Line[] = [
    { name: 'arrived', colour: COLOURS.arriving, points: perSecond(seen.arrived) },
    { name: 'taken', colour: COLOURS.edge, style: 'dashed', points: perSecond(seen.taken) },
  ]
  if (answer !== null) {
    const across = points(seen.arrived.map(() => answer.base))
    lines.push({ name: 'capacity', colour: COLOURS.limit, style: 'dotted', points: across })
  }
  return { title: 'the load, as seen', y: 'events/s', lines }
}

function waitingPanel({ seen }: Advice, points: ToPoints): Panel {
  const all = points(seen.waiting.map((waiting) => waiting ?? Number.NaN))
  const known = all.filter(([, waiting]) => !Number.isNaN(waiting))
  const lines: Line[] = [{ name: 'waiting', colour: COLOURS.backlog, isArea: true, points: known }]
  return { title: known.length === 0 ? 'what waited: nothing tells' : 'what waited, as seen', y: 'events', lines }
}

/** Logarithmic, and on one scale: what a burst leaves is a hundredth of what back-pressure piles up. */
function whatIf({ asItIs, bursting, assumptions }: Answer, points: ToPoints): Panel[] {
  const delay = (name: string, colour: string, delays: readonly number[]): Panel => ({
    ...{ title: `queue delay, simulated: ${name}`, y: 'ms', isLog: true },
    lines: [{ name: `queue delay, ${name}`, colour, points: points(delays) }],
  })
  const delays = [
    delay('as it is', COLOURS.delay, asItIs.queueDelayMs),
    delay('bursting', COLOURS.burst, bursting.queueDelayMs),
  ]
  const yMax = Math.max(10, sharedMax(delays))
  const name = `burst by ${assumptions.cloud.transport}`
  const lines: Line[] = [{ name, colour: COLOURS.burst, isArea: true, points: points(bursting.burst) }]
  return [...delays.map((panel) => ({ ...panel, yMax })), { title: 'what would have burst', y: 'events a bin', lines }]
}
