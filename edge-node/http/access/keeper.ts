import { statSync } from 'node:fs'
import type { Logger } from 'pino'
import type { Config } from '../../config/config'
import { conflictsOf } from '../../config/resolve'
import { UnusableConfig } from '../../config/unusable'
import { readTls, type Tls } from './tls'
import { type Holder, readTokens, type Tokens, UnusableTokens } from './tokens'

const LOOK_EVERY_MS = 1_000 // a stat of one file; a rotated token works, or not, this much later

interface Known {
  readonly tokens: Tokens
  readonly authorization: string
  readonly holder: Holder | null
}

/** Knows who may come in, also after the files have changed. */
export class Keeper {
  private tokens: Tokens | null
  private files: Tls | null
  private seen: string
  private readonly connections = new WeakMap<object, Known>()
  private readonly changed = new Set<() => void>()
  private readonly timer: NodeJS.Timeout | null
  private readonly reload = () => this.readAgain()

  /**
   * Reads the files. Throws UnusableConfig for one that cannot be used, and for a configuration that lets strangers in
   * by oversight.
   */
  constructor(
    private readonly config: Config,
    private readonly logger: Logger,
    lookEveryMs = LOOK_EVERY_MS,
  ) {
    const conflicts = conflictsOf(config)
    if (conflicts.length > 0) throw new UnusableConfig(conflicts)
    this.tokens = config.tokens === undefined ? null : this.read(config.tokens)
    this.seen = markOf(config.tokens)
    this.files = readTls(config)
    this.timer = config.tokens === undefined ? null : setInterval(() => this.look(), lookEveryMs).unref()
    if (this.isWatching) process.on('SIGHUP', this.reload)
  }

  /** Whether a request has to say who sends it. */
  get asks(): boolean {
    return this.config.tokens !== undefined
  }

  /** Certificates and keys as they are now; null on a node without TLS. */
  get tls(): Tls | null {
    return this.files
  }

  holder(authorization: string | undefined): Holder | null {
    return this.tokens?.holder(authorization) ?? null
  }

  /**
   * The same, remembered for a connection. Comparing with the token of the last request leaks nothing: the client knows
   * it.
   */
  holderOn(connection: object, authorization: string | undefined): Holder | null {
    if (this.tokens === null || authorization === undefined) return null
    const known = this.connections.get(connection)
    if (known !== undefined && known.tokens === this.tokens && known.authorization === authorization)
      return known.holder
    const holder = this.tokens.holder(authorization)
    this.connections.set(connection, { tokens: this.tokens, authorization, holder })
    return holder
  }

  /** Calls back when tokens or certificates may be others than before. Returns how to stop. */
  onChange(listener: () => void): () => void {
    this.changed.add(listener)
    return () => void this.changed.delete(listener)
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer)
    process.off('SIGHUP', this.reload)
  }

  private get isWatching(): boolean {
    return this.asks || this.tls !== null
  }

  private look(): void {
    if (markOf(this.config.tokens) !== this.seen) this.readAgain()
  }

  /** What cannot be used changes nothing: a slip must not lock everybody out. */
  private readAgain(): void {
    const { tokens } = this.config
    this.seen = markOf(tokens)
    try {
      if (tokens !== undefined) this.tokens = this.read(tokens)
      this.files = readTls(this.config)
      for (const listener of this.changed) listener()
      this.logger.info({ tokens: this.tokens?.size }, 'tokens and certificates were read again')
    } catch (error) {
      if (!(error instanceof UnusableConfig)) throw error
      this.logger.error({ problems: error.problems }, 'the files have changed and cannot be used; the old ones stay')
    }
  }

  private read(path: string): Tokens {
    try {
      return readTokens(path)
    } catch (error) {
      if (!(error instanceof UnusableTokens)) throw error
      throw new UnusableConfig([`the file of tokens ${error.message}`])
    }
  }
}

/** Changes when a file does, also by another taking its place. */
function markOf(path: string | undefined): string {
  if (path === undefined) return ''
  const { mtimeMs, size, ino, mode } = statSync(path, { throwIfNoEntry: false }) ?? {}
  return [mtimeMs, size, ino, mode].join(' ')
}
