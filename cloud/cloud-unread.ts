import { isRefusal } from './functions'

/** Why the cloud half cannot be read. */
export type UnreadCode = 'not_deployed' | 'cloud_unreachable' | 'cloud_denied' | 'no_credentials'

const ADVICE = {
  not_deployed: 'deploy it: npx sls deploy; or name another stack by --stack, or another region by AWS_REGION',
  cloud_unreachable:
    'check the network, AWS_REGION and AWS_ENDPOINT_URL, and start the node again when it answers: the first start has to read it, later ones do without',
  cloud_denied:
    "give this user or role the stack's EdgeNodePolicy, and check which one it is (AWS_PROFILE, AWS_REGION)",
  no_credentials: 'set AWS_REGION, and AWS_PROFILE or another source of the credentials chain',
} as const satisfies Record<UnreadCode, string>

/** The cloud half is not as it must be, or cannot be read. Only one that does not answer may be there the next time. */
export class CloudUnread extends Error {
  readonly advice: string

  constructor(
    readonly code: UnreadCode,
    readonly says: string,
    advice: string = ADVICE[code],
  ) {
    super(`${says}; ${advice}`)
    this.advice = advice
  }

  get retryable(): boolean {
    return this.code === 'cloud_unreachable'
  }
}

/** What to tell when `what` could not be read. */
export function cloudUnread(what: string, error: Error): CloudUnread {
  const code = codeOf(error)
  return new CloudUnread(code, `${what} ${WORDS[code]} (${error.message})`)
}

const WORDS = {
  not_deployed: 'is not there',
  cloud_unreachable: 'cannot be read: the cloud does not answer',
  cloud_denied: 'cannot be read: the cloud refuses it',
  no_credentials: 'cannot be read: nothing says who asks, or where',
} as const satisfies Record<UnreadCode, string>

function codeOf(error: Error): UnreadCode {
  if (!('$metadata' in error)) return 'no_credentials' // the SDK never came to a call
  if (!isRefusal(error)) return 'cloud_unreachable'
  // CloudFormation has no error of its own for it.
  return error.name.startsWith('ResourceNotFound') || error.message.endsWith('does not exist')
    ? 'not_deployed'
    : 'cloud_denied'
}
