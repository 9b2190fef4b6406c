import {
  DescribeStreamSummaryCommand,
  type KinesisClient,
  UpdateShardCountCommand,
  UpdateStreamWarmThroughputCommand,
} from '@aws-sdk/client-kinesis'
import {
  type EventSourceMappingConfiguration,
  type LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda'
import type { Capacity, CapacityStep } from '../core/control/capacity'
import { consumerOf, type Deployment } from './deployment'

/** Why the capacity was not read or changed. */
export type CapacityFailureCode = 'busy' | 'limit' | 'forbidden' | 'invalid' | 'unreachable'

interface FailureAdvice {
  /** When trying again may help; also where nothing changes by itself, since whoever reads the hint may act on it. */
  readonly retryAfterMs: number
  readonly hint: string
}

const ADVICE: Readonly<Record<CapacityFailureCode, FailureAdvice>> = {
  busy: { retryAfterMs: 10_000, hint: 'another change is under way; it is tried again' },
  limit: {
    retryAfterMs: 600_000,
    hint: 'AWS doubles or halves a shard count at most, ten times within 24 hours, within the quota of the account',
  },
  forbidden: {
    retryAfterMs: 600_000,
    hint: "attach the stack's EdgeNodeScalingPolicy to what the node runs as, or set --scaleCloud=off",
  },
  invalid: { retryAfterMs: 600_000, hint: 'the stream or the mapping does not allow it; see what AWS says' },
  unreachable: { retryAfterMs: 10_000, hint: 'it is tried again' },
}

const CODES: Readonly<Record<string, CapacityFailureCode>> = {
  ResourceInUseException: 'busy',
  ResourceConflictException: 'busy',
  LimitExceededException: 'limit',
  AccessDeniedException: 'forbidden',
  ValidationException: 'invalid',
  InvalidArgumentException: 'invalid',
  InvalidParameterValueException: 'invalid',
  ResourceNotFoundException: 'invalid',
}

/** An expected refusal, or an outage. Trying again after `retryAfterMs` may help. */
export class CapacityFailure extends Error {
  readonly retryable = true
  readonly retryAfterMs: number

  constructor(
    readonly code: CapacityFailureCode,
    what: string,
    detail: string,
  ) {
    super(`${what}: ${detail}; ${ADVICE[code].hint}`)
    this.retryAfterMs = ADVICE[code].retryAfterMs
  }
}

/** Reads and changes what the stream and the event source mapping of a deployment can do. */
export class CloudCapacity {
  constructor(
    private readonly kinesis: KinesisClient,
    private readonly lambda: LambdaClient,
    private readonly deployment: Pick<Deployment, 'burstFunction'> & { readonly stream: string },
  ) {}

  /** Rejects with CapacityFailure. */
  async read(): Promise<Capacity> {
    const StreamName = this.deployment.stream
    const [answer, mapping] = await Promise.all([
      expected(`stream ${StreamName}`, this.kinesis.send(new DescribeStreamSummaryCommand({ StreamName }))),
      this.mapping(),
    ])
    const stream = answer.StreamDescriptionSummary
    const isUpdating = stream?.StreamStatus !== 'ACTIVE' || !SETTLED_STATES.has(mapping.State ?? 'Enabled')
    return {
      stream: stream?.StreamModeDetails?.StreamMode === 'ON_DEMAND' ? 'onDemand' : 'provisioned',
      shards: stream?.OpenShardCount ?? 1,
      parallelization: mapping.ParallelizationFactor ?? 1,
      consumer: consumerOf(mapping.EventSourceArn, StreamName) ?? 'standard',
      warmMiBps: stream?.WarmThroughput?.TargetMiBps ?? 0,
      isUpdating,
    }
  }

  /**
   * Resolves once AWS has taken the step, which it then carries out in seconds or minutes. Rejects with
   * CapacityFailure.
   */
  async apply({ kind, to }: CapacityStep): Promise<void> {
    const StreamName = this.deployment.stream
    const what = `${kind} of ${StreamName} to ${to}`
    switch (kind) {
      case 'parallelization': {
        const { UUID } = await this.mapping()
        const command = new UpdateEventSourceMappingCommand({ UUID, ParallelizationFactor: to })
        await expected(what, this.lambda.send(command))
        return
      }
      case 'shards': {
        const command = { StreamName, TargetShardCount: to, ScalingType: 'UNIFORM_SCALING' } as const
        await expected(what, this.kinesis.send(new UpdateShardCountCommand(command)))
        return
      }
      case 'warmThroughput': {
        const command = new UpdateStreamWarmThroughputCommand({ StreamName, WarmThroughputMiBps: to })
        await expected(what, this.kinesis.send(command))
        return
      }
    }
  }

  private async mapping(): Promise<EventSourceMappingConfiguration> {
    const { stream, burstFunction: FunctionName } = this.deployment
    const what = `the event source mapping of ${FunctionName}`
    const answer = await expected(what, this.lambda.send(new ListEventSourceMappingsCommand({ FunctionName })))
    const found = answer.EventSourceMappings?.find((each) => consumerOf(each.EventSourceArn, stream) !== undefined)
    if (found === undefined) throw new CapacityFailure('invalid', what, `there is none for stream ${stream}`)
    return found
  }
}

const SETTLED_STATES = new Set(['Enabled', 'Disabled'])

/** What the call answers; its errors by their codes. */
function expected<Answer>(what: string, call: Promise<Answer>): Promise<Answer> {
  return call.catch((error: Error) => {
    throw new CapacityFailure(CODES[error.name] ?? 'unreachable', what, `${error.name}: ${error.message}`)
  })
}
