import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type CapacityMemory, FORGOTTEN } from '../../core/control/cloud-capacity'
import { checkedJson, readCheckedJson } from '../disk/disk'

const raise = z.object({ from: z.number(), to: z.number() })
const content = z.object({
  stream: z.string(),
  raised: z.partialRecord(z.enum(['parallelization', 'shards', 'warmThroughput']), raise),
  shardUpdatesMs: z.array(z.number()),
})

/** What was raised in the cloud, in the data directory: it is taken back after a crash too. */
export class CapacityFile {
  private readonly path: string
  private written = ''

  /** What was raised of another stream is none of this one's. */
  constructor(
    private readonly dataDir: string,
    private readonly stream: string,
  ) {
    this.path = join(dataDir, 'cloud-capacity.json')
  }

  /** `damaged`: what was raised is not known. */
  async read(): Promise<CapacityMemory | 'damaged'> {
    const text = await readFile(this.path, 'utf8').catch(() => null)
    const read = readCheckedJson(text)
    if (read.kind === 'absent') return FORGOTTEN
    const parsed = content.safeParse(read.kind === 'sound' ? read.content : null)
    if (!parsed.success) return 'damaged'
    const { stream, raised, shardUpdatesMs } = parsed.data
    if (stream !== this.stream) return FORGOTTEN
    this.written = text ?? ''
    return { raised, shardUpdatesMs }
  }

  /** Writes only what has changed. Rejects with what the disk says. */
  async write({ raised, shardUpdatesMs }: CapacityMemory): Promise<void> {
    const text = checkedJson({ stream: this.stream, raised, shardUpdatesMs })
    if (text === this.written || (this.written === '' && isForgotten({ raised, shardUpdatesMs }))) return
    await mkdir(this.dataDir, { recursive: true, mode: 0o700 })
    await writeFile(`${this.path}.new`, text, { mode: 0o600, flush: true })
    await rename(`${this.path}.new`, this.path)
    this.written = text
  }
}

const isForgotten = ({ raised, shardUpdatesMs }: CapacityMemory) =>
  Object.keys(raised).length === 0 && shardUpdatesMs.length === 0
