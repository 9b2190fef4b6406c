import { byId, setText } from './dom'

const KEY = 'spillway-token'

/** The node answered with an error. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

let token: string | null = sessionStorage.getItem(KEY)
let asking: Promise<void> | undefined

/** Asks the node, with the token when it wants one. Rejects with Refused, or when it cannot be reached. */
export async function ask(path: string, signal?: AbortSignal): Promise<Response> {
  for (;;) {
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(path, { headers, cache: 'no-store', ...(signal && { signal }) })
    if (response.ok) return response
    if (response.status !== 401 && response.status !== 403)
      throw new Refused(response.status, await messageOf(response))
    asking ??= askForToken(token === null ? null : await messageOf(response)).finally(() => {
      asking = undefined
    })
    await asking
  }
}

export const askJson = async <Answer>(path: string): Promise<Answer> => (await (await ask(path)).json()) as Answer

async function messageOf(response: Response): Promise<string> {
  const body = (await response.json().catch(() => ({}))) as { message?: string }
  return body.message ?? `the node answered ${response.status}`
}

/** Shows the form until there is a token; `complaint` says what was wrong with the last one. */
function askForToken(complaint: string | null): Promise<void> {
  const dialog = byId<HTMLDialogElement>('token-dialog')
  const field = byId<HTMLInputElement>('token')
  if (complaint !== null) setText(byId('token-note'), `That token was not enough: ${complaint}`)
  field.value = ''
  if (!dialog.open) dialog.showModal()
  return new Promise((resolve) => {
    const closed = () => {
      if (field.value.trim() !== '') remember(field.value.trim())
      resolve() // without a token the next answer asks again
    }
    dialog.addEventListener('close', closed, { once: true })
  })
}

function remember(value: string): void {
  token = value
  sessionStorage.setItem(KEY, value)
}
