import { hash, timingSafeEqual } from 'node:crypto'
import { parse } from 'yaml'
import { z } from 'zod'
import { NotPrivate, readPrivate } from '../../disk/private-data'
import { SCOPES, type Scope } from './routes'

const MAX_TOKENS = 100 // each is compared with every request, about 0.3 us
const MIN_TOKEN_LENGTH = 20 // random ones of this length cannot be guessed; `openssl rand -hex 32` gives 64
const BEARER = /^Bearer +([\w.~+/=-]{1,512})$/i

/** Who holds a token. */
export interface Holder {
  readonly name: string
  readonly scopes: readonly Scope[]
}

interface Entry extends Holder {
  readonly digest: Buffer
}

const entryShape = z
  .strictObject({
    name: z.string().regex(/^[\w.@-]{1,64}$/, 'a name has up to 64 letters, digits, ".", "@", "-", "_"'),
    token: z
      .string()
      .min(MIN_TOKEN_LENGTH, `a token has at least ${MIN_TOKEN_LENGTH} characters`)
      .regex(/^[\w.~+/=-]+$/, 'a token has letters, digits and ".~+/=-_" alone')
      .optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, 'sha256 has 64 hexadecimal digits')
      .optional(),
    scopes: z.array(z.enum(SCOPES, `a scope is one of ${SCOPES.join(', ')}`)).min(1, 'scopes name at least one'),
  })
  .refine(({ token, sha256 }) => (token === undefined) !== (sha256 === undefined), 'give token or sha256, one of them')

/** The tokens cannot be used. The message repeats nothing of the file. */
export class UnusableTokens extends Error {}

const digestOf = (token: string) => hash('sha256', token, 'buffer')

/** Tokens by their digests: what is compared has one length and tells nothing of the token. */
export class Tokens {
  private constructor(private readonly entries: readonly Entry[]) {}

  /** Reads a list of tokens as YAML or JSON. Throws UnusableTokens. */
  static parse(text: string): Tokens {
    const read = z.array(entryShape).min(1, 'it has no token').max(MAX_TOKENS).safeParse(contentOf(text))
    if (!read.success) {
      const problems = read.error.issues.map(({ path, message }) => `${path.join('.') || 'the list'}: ${message}`)
      throw new UnusableTokens(`is not as it must be (${problems.join('; ')})`)
    }
    return new Tokens(
      read.data.map(({ name, scopes, token, sha256 }) => ({
        ...{ name, scopes },
        digest: token === undefined ? Buffer.from(sha256!, 'hex') : digestOf(token),
      })),
    )
  }

  get size(): number {
    return this.entries.length
  }

  /**
   * Who sends this Authorization header; null when nobody known does. Takes as long for a token that is nearly right as
   * for any other.
   */
  holder(authorization: string | undefined): Holder | null {
    const token = BEARER.exec(authorization ?? '')?.[1]
    if (token === undefined) return null
    const digest = digestOf(token)
    let found: Entry | null = null
    for (const entry of this.entries) if (timingSafeEqual(entry.digest, digest)) found = entry
    return found
  }
}

/** Reads a file of tokens, which has to be private. Throws UnusableTokens. */
export function readTokens(path: string): Tokens {
  try {
    return Tokens.parse(readPrivate(path, 'owner'))
  } catch (error) {
    if (error instanceof UnusableTokens) throw error
    if (error instanceof NotPrivate) throw new UnusableTokens(error.message)
    throw new UnusableTokens(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'it is no YAML or JSON'})`)
  }
}

/** What the parser says of a broken file repeats lines of it. */
function contentOf(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent' })
  } catch {
    throw new UnusableTokens('is no YAML or JSON')
  }
}
