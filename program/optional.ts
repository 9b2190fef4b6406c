/** A package that only some uses need, and that is not installed here. Not retryable: it says what to install. */
export class NotInstalled extends Error {
  readonly code = 'not_installed'
  readonly retryable = false
  constructor(what: string, packages: readonly string[], options: ErrorOptions) {
    super(`${what} packages that are not installed: npm install ${packages.join(' ')}`, options)
  }
}

/**
 * What `load` gives. `what` says who needs it, for example "plots need". Throws NotInstalled where one of the packages is
 * not there.
 */
export function optional<T>(what: string, packages: readonly string[], load: () => T): T {
  try {
    return load()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const isOneOfThem = packages.some((name) =>
      message.startsWith(`Cannot find module '${name.replace(/@npm:.*$/, '')}`),
    )
    if (code !== 'MODULE_NOT_FOUND' || !isOneOfThem) throw error
    throw new NotInstalled(what, packages, { cause: error })
  }
}
