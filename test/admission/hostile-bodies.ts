/** Requests of hostile lines, from a seed. */
import { Random } from '../sim/random'
import { hostileLine, type Occasion } from './hostile-lines'
import type { Situation } from './outcome'
import { PAIRS, type Pair } from './pairs'

/** A request, and all that its judgement depends on. */
export interface Case {
  readonly pair: Pair
  readonly situation: Situation
  readonly body: Buffer
  /** Lines that went into the body. */
  readonly lines: number
}

const LIMITS = { lineBytes: 2_000, lines: 150, futureSkewMs: 60_000, openPanes: 6 }
const NOW_MS = Date.UTC(2024, 1, 29, 12, 0, 0)
const BASES_MS = [NOW_MS, NOW_MS - 86_400_000, 0, 5_000, 100_000_000_000, 1_709_315_512_577, 4_000_000_000_000]
const NEWLINES = ['\n', '\n', '\n', '\n', '\r\n', '\r\n', '\n\r\n', '\n\n', '\r', ' \n\t\n', '\n\u00a0\n']
const BLANKS = ['', '\n', ' \r\n\t', '\ufeff', '[]', '[ \n]', '\ufeff[ ]\n', '[]\n[]']
/** Bytes and runs of them that change what a body is. */
const RUNS = [
  ...[
    '00',
    '0a',
    '0b',
    '0c',
    '0d',
    '1f',
    '20',
    '22',
    '2c',
    '2d',
    '2e',
    '30',
    '3a',
    '5b',
    '5c',
    '5d',
    '65',
    '7b',
    '7d',
    '7f',
  ],
  ...[
    '80',
    'bf',
    'c0',
    'c328',
    'eda080',
    'edb080',
    'e280a8',
    'c2a0',
    'efbbbf',
    'efbfbd',
    'f09f9491',
    'f4908080',
    'ff',
    'fffe',
  ],
].map((hex) => Buffer.from(hex, 'hex'))

/** The `index`-th case of a seed: it depends on these two alone. */
export function hostileCase(seed: number, index: number): Case {
  const random = new Random(seed, `case ${index}`)
  const pair = random.pick(PAIRS)
  const situation = { ...LIMITS, ...times(random, pair) }
  const count = random.chance(0.01) ? random.between(100, 160) : random.between(1, 12)
  const occasion = { pair, instantsMs: instantsOf(situation, pair), lineBytes: LIMITS.lineBytes }
  const body = bodyOf(random, count, occasion)
  return { pair, situation, body: random.chance(0.2) ? mutated(random, body) : body, lines: count }
}

function times(random: Random, { reading }: Pair) {
  const nowMs = NOW_MS + random.between(0, 20_000)
  const { sizeMs, slideMs } = reading.windowing
  const baseMs = random.pick(BASES_MS)
  const edgeMs = Math.floor(baseMs / slideMs) * slideMs + random.between(-1, 2) * slideMs + (sizeMs % slideMs)
  const horizonMs =
    random.chance(0.4) || baseMs > nowMs ? null : edgeMs + random.pick([0, 0, -1, 1, random.between(0, sizeMs)])
  return { nowMs, horizonMs }
}

/** The clock, as far ahead as is taken, the horizon, and edges of windows about them. */
function instantsOf({ nowMs, horizonMs, futureSkewMs }: Situation, { reading }: Pair): number[] {
  const { sizeMs, slideMs } = reading.windowing
  const aboutMs = horizonMs ?? nowMs
  const edgeMs = Math.floor(aboutMs / slideMs) * slideMs
  return [
    nowMs,
    nowMs + futureSkewMs,
    aboutMs,
    edgeMs,
    edgeMs - slideMs,
    edgeMs + sizeMs,
    edgeMs - sizeMs,
    aboutMs - sizeMs,
  ]
}

function bodyOf(random: Random, count: number, occasion: Occasion): Buffer {
  const lines = Array.from({ length: count }, () => hostileLine(random, occasion))
  const kind = random.fraction()
  if (kind > 0.995) return Buffer.from(random.pick(BLANKS))
  const mark = random.chance(0.05)
    ? random.pick(['\ufeff', '\ufeff\ufeff', ' \ufeff', '\ufeff\n', '\n \n', '\u00a0', '\f'])
    : ''
  if (kind < 0.15)
    return Buffer.from(
      `${mark}[${lines.join(random.pick([',', ', ', ',\n', ' ,\r\n\t']))}]${random.pick(['', '', '\n', ' x'])}`,
    )
  if (kind < 0.22) return Buffer.from(mark + indented(random, lines[0]!))
  const newline = () => (random.chance(0.9) ? '\n' : random.pick(NEWLINES))
  const joined = lines.map((line) => (random.chance(0.02) ? `\ufeff${line}` : line) + newline()).join('')
  return Buffer.from(mark + (random.chance(0.5) ? joined : joined.trimEnd()))
}

/** Over several lines, now and then with much white space. */
function indented(random: Random, line: string): string {
  const indent = `\n${' '.repeat(random.chance(0.9) ? 2 : random.between(100, 3_000))}`
  return line.replace(/(?<=[{,])(?=")|(?=\}$)/g, indent)
}

/** Bytes taken out, put in, doubled or cut off. */
function mutated(random: Random, body: Buffer): Buffer {
  let bytes = body
  for (let times = random.between(1, 3); times > 0; times--) {
    const at = random.between(0, bytes.length)
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
    switch (random.between(0, 4)) {
      case 0:
        bytes = Buffer.concat([before, after.subarray(random.between(1, 4))])
        break
      case 1:
      case 2:
        bytes = Buffer.concat([before, random.pick(RUNS), after])
        break
      case 3:
        bytes = Buffer.concat([before, after.subarray(0, random.between(1, 40)), after])
        break
      default:
        bytes = random.chance(0.2) ? before : Buffer.concat([before, random.pick(RUNS), after.subarray(1)])
    }
  }
  return bytes
}
