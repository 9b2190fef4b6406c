import { statfs } from 'node:fs/promises'
import type { Clock } from '../observe/clock'

/** The disk refuses, for now: what failed can be tried again. */
export const isDiskError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'].includes(String(error.code))

const LOOK_EVERY_MS = 500

/**
 * Watches the room on the disk of a folder, and whether the folder is there. Ingest stops while there is little room.
 * Closings, finals and checkpoints then still have some, and they free the log: the node gets out of a full disk by
 * itself.
 */
export class DiskSpace {
  private low = false
  private gone = false
  private free: number | null = null
  private cancel = () => {}
  private stopped = false

  constructor(
    private readonly folder: string,
    private readonly reservedBytes: number,
    private readonly clock: Clock,
    /** Whether the folder is still the one that this process began with. */
    private readonly stands: () => Promise<boolean> = async () => true,
  ) {}

  /** True once the folder was removed, moved or replaced. It stays true, since what was written after that is lost. */
  get isGone(): boolean {
    return this.gone
  }

  /** True while less than the reserve is free. */
  get isLow(): boolean {
    return this.low
  }

  /** Bytes that are free; null while the disk does not answer. */
  get freeBytes(): number | null {
    return this.free
  }

  /** Looks once, then goes on looking. */
  async start(): Promise<void> {
    await this.look()
    if (!this.stopped) this.cancel = this.clock.after(LOOK_EVERY_MS, () => void this.start())
  }

  stop(): void {
    this.stopped = true
    this.cancel()
  }

  private async look(): Promise<void> {
    try {
      this.gone ||= !(await this.stands())
      const { bavail, bsize } = await statfs(this.folder)
      this.free = bavail * bsize
      this.low = this.free < this.reservedBytes
    } catch {
      this.free = null
      this.low = true // a disk that does not even answer is no place to promise anything on
    }
  }
}
