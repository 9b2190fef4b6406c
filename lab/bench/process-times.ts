import { readdirSync, readFileSync } from 'node:fs'

/** The parts of a system, as far as processor time tells them apart. `load`: what sends events and reads results. */
export const PARTS = ['broker', 'JobManager', 'TaskManager', 'sidecar', 'edge node', 'cloud', 'load'] as const
export type Part = (typeof PARTS)[number]

/** Milliseconds of processor time, user and system. */
export type ByPart = Readonly<Record<Part, number>>

const MS_PER_TICK = 10 // Linux counts in hundredths of a second, whatever the kernel's own tick is
const LOOK_EVERY_MS = 250

/** By the words of the command line that starts a part; more telling ones first. */
const SIGNS: readonly (readonly [sign: RegExp, part: Part])[] = [
  [/kafka\.Kafka\b/, 'broker'],
  [/StandaloneSessionClusterEntrypoint/, 'JobManager'],
  [/TaskManagerRunner/, 'TaskManager'],
  [/sidecar[/\\]/, 'sidecar'],
  [/edge-node[/\\]main/, 'edge node'],
  [/localstack[/\\]embedded|bootstrap/, 'cloud'],
  [/ConsoleProducer|ConsoleConsumer|scripts[/\\]load/, 'load'],
]

/** Which part a process is, by its command line; null: none of them. */
export const partOf = (command: string): Part | null => SIGNS.find(([sign]) => sign.test(command))?.[1] ?? null

/** A process as /proc shows it. */
export interface ProcessReading {
  readonly pid: number
  readonly parent: number
  readonly ms: number
}

/** Reads a line of /proc/PID/stat. The name, in brackets, may have spaces and brackets of its own. */
export function readStat(line: string): ProcessReading {
  const end = line.lastIndexOf(')')
  const fields = line.slice(end + 2).split(' ') // from the state on, which is the third
  const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number)
  return { pid: Number.parseInt(line, 10), parent: parent!, ms: (user! + system!) * MS_PER_TICK }
}

/** Processor time of everything that a process has started, part by part, for as long as it is watched. */
export class ProcessTimes {
  private readonly looks: { readonly atMs: number; readonly times: ByPart }[] = []
  private readonly known = new Map<number, { readonly part: Part; ms: number }>()
  private timer: NodeJS.Timeout | undefined

  constructor(private readonly root = process.pid) {}

  /** Looks four times a second from now on. On a system without /proc nothing will be known. */
  start(): void {
    this.look()
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS)
  }

  stop(): void {
    clearInterval(this.timer)
  }

  /** What was used between two moments (epoch ms); null when nothing is known of that time. */
  between(fromMs: number, toMs: number): ByPart | null {
    const from = this.looks.findLast(({ atMs }) => atMs <= fromMs)
    const to = this.looks.find(({ atMs }) => atMs >= toMs) ?? this.looks.at(-1)
    if (from === undefined || to === undefined || to.atMs <= from.atMs) return null
    return byPart((part) => to.times[part] - from.times[part])
  }

  private look(): void {
    const all = readings()
    if (all === null) return
    for (const { pid, ms } of descendants(all, this.root)) {
      const part = this.known.get(pid)?.part ?? partOf(commandOf(pid))
      // What has ended keeps what it had used.
      if (part !== null) this.known.set(pid, { part, ms })
    }
    const sums = byPart((part) => {
      let sum = 0
      for (const process of this.known.values()) if (process.part === part) sum += process.ms
      return sum
    })
    this.looks.push({ atMs: Date.now(), times: sums })
  }
}

/** All processes below one. */
export function descendants(all: readonly ProcessReading[], root: number): ProcessReading[] {
  const children = new Map<number, ProcessReading[]>()
  for (const process of all) children.set(process.parent, [...(children.get(process.parent) ?? []), process])
  const found: ProcessReading[] = []
  const open = [root]
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    const below = children.get(pid) ?? []
    found.push(...below)
    open.push(...below.map((process) => process.pid))
  }
  return found
}

export const byPart = (value: (part: Part) => number): ByPart =>
  Object.fromEntries(PARTS.map((part) => [part, value(part)])) as Record<Part, number>

function readings(): ProcessReading[] | null {
  try {
    return readdirSync('/proc').flatMap((name) => {
      const stat = /^\d+$/.test(name) ? textOf(`/proc/${name}/stat`) : ''
      return stat === '' ? [] : [readStat(stat)]
    })
  } catch {
    return null // no Linux
  }
}

const commandOf = (pid: number) => textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')

/** Empty for a process that has ended meanwhile. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
