/** Events as careless, foreign and hostile programs write them, from a seed. */
import type { Random } from '../sim/random'
import type { Pair } from './pairs'

/** Numbers at which readings part. */
const NUMBERS = [
  ...[
    '0',
    '-0',
    '0.0',
    '-0.5',
    '1',
    '-1',
    '1.5',
    '1e3',
    '1E+3',
    '1e-7',
    '1e21',
    '123456789012345678901',
    '1e400',
    '-1e400',
  ],
  ...['9007199254740991', '9007199254740992', '9007199254740993', '-9007199254740993', '9007199254740991.5', '1e16'],
  ...['5e-324', '1e-400', '1.7976931348623157e308', '9.979201547673599e291', '9.9792015476736e291', '0.1', '100e-2'],
]
const NO_NUMBERS = ['01', '+1', '.5', '1.', '1e', '0x10', 'NaN', 'Infinity', '1_000', '--1', '-']
const WORDS = ['true', 'false', 'null', 'True', 'nul', 'undefined', 'nulL']
const CONTAINERS = [
  '[]',
  '{}',
  '[1]',
  '{"a":1}',
  '{"toString":1}',
  '[[[]]]',
  '{"__proto__":{"k":"a"}}',
  '["a",]',
  '{,}',
]
const TEXTS = [
  ...[
    '',
    ' ',
    'a',
    'A',
    'b',
    'k1',
    'true',
    '1',
    '1.0',
    '01',
    '-0',
    'null',
    'a#b',
    '__proto__',
    'constructor',
    'toString',
  ],
  ...[
    '\\ud800',
    '\\udfff',
    '\\ud83d\\udd11',
    '\\u0000',
    '\\u2028',
    '\\/',
    '\\b\\f\\n\\r\\t',
    '\\"',
    '\\\\',
    '\\ufffd',
    '\\u0061',
  ],
  ...[
    '\u00e9',
    'e\u0301',
    '\ufffd',
    '\u2028',
    '\u0085',
    '\u{1f511}',
    '\ufeffk',
    '\u4e2d',
    '],[',
    '},{',
    '\u007f',
    '\u212a',
  ],
]
const BAD_TEXTS = ['\\x41', '\\u12', "\\'", '\t', '\u0000', '\u001f', '\\', '\\u{41}']
/** White space of other standards than JSON. */
const ODD_SPACES = ['\u00a0', '\u2028', '\u0085', '\u3000', '\f', '\v', '\u0000', '\u001f']
/** Days and times that no clock shows, or that calendars are wrong about. */
const ODD_DAYS = [
  ...['2023-02-29', '2024-02-30', '1900-02-29', '2000-02-29', '2024-04-31', '2024-13-01', '2024-00-10', '2024-01-00'],
  ...[
    '1969-12-31',
    '0099-01-01',
    '0000-01-01',
    '+002024-01-01',
    '-2024-01-01',
    '2024-060',
    '2024-W09-4',
    '2024/02/29',
    '24-02-29',
  ],
]
const ODD_TIMES = [
  '23:59:60',
  '24:00:00',
  '12:60:00',
  '00:00:60',
  '25:00:00',
  '12',
  '12:00',
  '1200',
  '120000',
  '12:0:00',
  '12:00:00 PM',
]
const ZONES = [
  '',
  'Z',
  'Z',
  'Z',
  '+01:00',
  'z',
  '+00',
  '+00:00',
  '-04',
  '+0530',
  ' +02:00',
  '-14:00',
  '+14:01',
  ' Z',
  '+2',
  '+02:60',
  'ZZ',
]

/** What a line is made for. */
export interface Occasion {
  readonly pair: Pair
  /** Instants at which verdicts change: the clock, the horizon, edges of windows. */
  readonly instantsMs: readonly number[]
  readonly lineBytes: number
}

/** An event, mostly; the text has no line feed. */
export function hostileLine(random: Random, occasion: Occasion): string {
  const kind = random.fraction()
  if (kind < 0.02)
    return random.pick([...WORDS, ...NUMBERS, ...CONTAINERS, '"a"', '{', '}', '{"', '//', '<xml/>', "{'k':1}"])
  if (kind < 0.03) return nested(random)
  const text = eventText(random, occasion)
  if (kind < 0.04) return random.chance(0.5) ? random.pick(ODD_SPACES) + text : text + random.pick(ODD_SPACES)
  return kind < 0.07 ? padded(random, text, occasion.lineBytes) : text
}

function eventText(random: Random, occasion: Occasion): string {
  const { within, fields } = occasion.pair
  const own = [
    [fields.timestamp, random.chance(0.03) ? null : timestampText(random, occasion)],
    [fields.key, random.chance(0.03) ? null : keyText(random)],
  ] as const
  const present = own.flatMap(([name, value]) => (value === null ? [] : [fieldText(random, name, value)]))
  const values = [fieldText(random, 'v', valueText(random)), fieldText(random, 'u', scalarText(random))]
  const kept = values.filter(() => random.chance(0.95))
  const parts = within === undefined ? present : [fieldText(random, within, withinText(random, present))]
  const more = random.chance(0.2) ? [oddField(random, occasion)] : []
  return objectText(random, shuffled(random, [...parts, ...kept, ...more]))
}

const withinText = (random: Random, parts: readonly string[]) =>
  random.chance(0.95) ? objectText(random, parts) : random.pick(['null', '7', '"text"', '[]', '[{"id":"a"}]'])

function oddField(random: Random, occasion: Occasion): string {
  const { timestamp, key } = occasion.pair.fields
  switch (random.between(0, 5)) {
    case 0:
      return fieldText(random, key, keyText(random)) // twice: the last one counts
    case 1:
      return fieldText(random, timestamp, timestampText(random, occasion))
    case 2:
      return fieldText(random, random.pick(['__proto__', 'constructor', 'toJSON', 'then']), oddValue(random))
    case 3:
      return fieldText(random, 'many', `[${[manyText(random), manyText(random)].join(',')}]`)
    case 4:
      return fieldText(random, random.pick(TEXTS), oddValue(random))
    default:
      return random.pick(['"a"', '"a":', ':1', 'a:1', "'a':1", '"a" 1'])
  }
}

const manyText = (random: Random) =>
  random.chance(0.8) ? `{"k":${keyText(random)},"v":${valueText(random)},"u":${scalarText(random)}}` : oddValue(random)

const oddValue = (random: Random) => random.pick([...NUMBERS, ...WORDS, ...CONTAINERS, '"text"'])

/** Now and then with its first letter escaped, or space where it may stand and where not. */
function fieldText(random: Random, name: string, value: string): string {
  const code = name.charCodeAt(0).toString(16).padStart(4, '0')
  const written = random.chance(0.03) && !name.startsWith('\\') && name !== '' ? `\\u${code}${name.slice(1)}` : name
  return `${space(random)}"${written}"${space(random)}:${space(random)}${value}${space(random)}`
}

const objectText = (random: Random, parts: readonly string[]) =>
  random.chance(0.995)
    ? `{${parts.join(',')}}`
    : `{${parts.join(random.pick([',,', ' ', ';']))}${random.pick([',}', '}}', ''])}`

/** Mostly none, so that most lines stay sound. */
function space(random: Random): string {
  if (random.chance(0.93)) return ''
  return random.chance(0.98) ? random.pick([' ', '  ', '\t', '\r']) : random.pick(['\ufeff', ...ODD_SPACES])
}

function keyText(random: Random): string {
  const kind = random.fraction()
  if (kind < 0.45) return `"${random.pick(['a', 'b', 'c', 'Ab'])}"`
  if (kind < 0.7) return `"${random.pick(TEXTS)}"`
  if (kind < 0.85) return random.pick(NUMBERS)
  if (kind < 0.9) return random.pick(WORDS)
  if (kind < 0.94) return random.pick(CONTAINERS)
  if (kind < 0.98) return longText(random)
  return random.pick([...NO_NUMBERS, ...BAD_TEXTS.map((text) => `"${text}"`)])
}

/** Around 512 code units, which are not characters and not bytes. */
function longText(random: Random): string {
  const [unit, units] = random.pick([
    ['x', 1],
    ['\u4e2d', 1],
    ['\u{1f511}', 2],
    ['\\u0061', 1],
    ['\\ud83d\\udd11', 2],
  ] as const)
  return `"${unit.repeat(Math.floor(random.between(510, 514) / units))}${random.chance(0.5) ? 'y' : ''}"`
}

const valueText = (random: Random) => (random.chance(0.85) ? String(random.between(-9, 99)) : oddValue(random))
const scalarText = (random: Random) =>
  random.chance(0.85) ? random.pick(['1', '"1"', 'true', '"x"', '0.5']) : oddValue(random)

function timestampText(random: Random, { pair, instantsMs }: Occasion): string {
  const nearMs =
    random.pick(instantsMs) + (random.chance(0.5) ? random.between(-2, 2) : random.between(-20_000, 20_000))
  const kind = random.fraction()
  if (kind < 0.5) return epochText(random, nearMs, pair.reading.unit)
  if (kind < 0.8) return `"${isoText(random, nearMs)}"`
  if (kind < 0.86) return `"${digitsText(random, nearMs)}"`
  if (kind < 0.93) return random.pick([...NUMBERS, '99999999999', '100000000000', '99999999999.9', '4000000000', '4e9'])
  if (kind < 0.96)
    return random.pick([
      '253402300799999',
      '253402300800000',
      '253402300799',
      '253402300799.9999',
      '"9999-12-31T23:59:59.999Z"',
    ])
  return random.pick([...WORDS, ...CONTAINERS, ...NO_NUMBERS, '"yesterday"', '""', '"Thu, 01 Jan 1970 00:00:00 GMT"'])
}

function epochText(random: Random, ms: number, unit: 's' | 'ms' | 'us' | 'ns' | undefined): string {
  if (random.chance(0.05)) return epochText(random, ms, random.pick(['s', 'ms', 'us', 'ns'] as const))
  switch (unit) {
    case 's':
      return random.pick([
        String(ms / 1_000),
        (ms / 1_000).toFixed(random.between(0, 9)),
        String(Math.trunc(ms / 1_000)),
      ])
    case 'us':
      return `${ms}${random.pick(['000', '999', '500', '000.5'])}`
    case 'ns':
      return `${ms}${random.pick(['000000', '999999', '500000'])}`
    default:
      return random.pick([String(ms), String(ms), `${ms}.0`, `${ms}.999`, `${ms / 1_000}e3`, ms.toExponential()])
  }
}

/** Digits as text, which are a number where a unit is stated. */
const digitsText = (random: Random, ms: number) =>
  random.pick([
    `${ms}`,
    `${ms}000`,
    `${ms}999999`,
    `${Math.trunc(ms / 1_000)}`,
    `00${ms}`,
    `-${ms}`,
    `${ms}.5`,
    `${ms}${'0'.repeat(9)}`,
    ` ${ms}`,
  ])

function isoText(random: Random, ms: number): string {
  const instant = new Date(Math.min(Math.max(ms, -62_000_000_000_000), 253_402_400_000_000))
  const [date = '', time = ''] = instant.toISOString().slice(0, -1).split('T')
  if (random.chance(0.1)) return `${random.pick([date, ...ODD_DAYS])}T${random.pick([time, time, ...ODD_TIMES])}Z`
  const fraction = random.pick([
    '',
    '',
    time.slice(8),
    time.slice(8),
    `${time.slice(8)}999`,
    `.${'7'.repeat(30)}`,
    '.',
    ',5',
  ])
  const seconds = random.chance(0.9) ? time.slice(0, 8) + fraction : time.slice(0, 5)
  const separator = random.chance(0.9) ? 'T' : random.pick([' ', 't', '  ', '_', ''])
  const text = `${date}${separator}${seconds}${random.pick(ZONES)}`
  if (random.chance(0.1)) return text.replaceAll('-', '').replaceAll(':', '')
  return random.chance(0.05) ? withOtherDigit(random, text) : text
}

function withOtherDigit(random: Random, text: string): string {
  const at = random.between(0, text.length - 1)
  return text.slice(0, at) + random.pick(['0', '2', '3', '6', '9', '-', ':', '\uff12']) + text.slice(at + 1)
}

function nested(random: Random): string {
  const depth = random.pick([3, 100, 400])
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
  ] as const)
  const inner = open === '[' ? '' : '1'
  return `{"k":"a","t":1,"v":${open.repeat(depth)}${inner}${close.repeat(random.chance(0.9) ? depth : depth - 1)}}`
}

/** With as many bytes as are taken, one less, or one more. */
function padded(random: Random, text: string, lineBytes: number): string {
  const pad = random.pick([' ', '\t', '"p":"', '"p":"\u4e2d'])
  const target = lineBytes + random.pick([-1, 0, 1, lineBytes * 3 - 2, lineBytes * 4])
  const room = target - Buffer.byteLength(text)
  if (room < 10 || !text.endsWith('}')) return text
  if (!pad.startsWith('"')) return random.chance(0.5) ? pad.repeat(room) + text : `{${pad.repeat(room)}${text.slice(1)}`
  const start = `{${pad}`
  const end = `",${text.slice(1)}`
  return start + 'x'.repeat(Math.max(0, target - Buffer.byteLength(start) - Buffer.byteLength(end))) + end
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const rest = [...items]
  return items.map(() => rest.splice(random.between(0, rest.length - 1), 1)[0]!)
}
