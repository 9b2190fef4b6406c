import type { InvokeFunction, WireService } from '../wire'
import { type FunctionCode, unpackCode } from './code'
import { environmentOf, type FunctionConfig } from './function-config'
import { Concurrency, FunctionPool, type FunctionStats } from './pool'

export interface FunctionHostSettings {
  readonly region: string
  /** The gateway's own address, known once it listens. */
  readonly endpoint: () => string
  /** Where functions call AWS; the gateway unless given. */
  readonly functionEndpoint?: string
  readonly bootstrapFile: string
  /** Deployment packages are unpacked below this folder. */
  readonly codeFolder: string
  /** Invocations at work at the same time, over all functions. */
  readonly concurrency: number
  readonly idleTimeoutMs: number
  readonly onLogLine: (functionName: string, line: string) => void
}

/** A function that exists, for whoever describes it. */
export interface DeployedFunction {
  readonly config: FunctionConfig
  readonly code: FunctionCode
  readonly modifiedMs: number
  readonly pool: FunctionPool
}

/** The functions of the embedded cloud: their code on disk and a pool of processes each. */
export class FunctionHost {
  readonly #settings: FunctionHostSettings
  readonly #concurrency: Concurrency
  readonly #functions = new Map<string, DeployedFunction>()
  /** Pools of code that was replaced; they may still have invocations at work. */
  readonly #retired = new Set<FunctionPool>()

  constructor(settings: FunctionHostSettings) {
    this.#settings = settings
    this.#concurrency = new Concurrency(settings.concurrency)
  }

  /** Creates the function, or gives an existing one new code and settings: invocations at work end on the old ones. */
  async deploy(config: FunctionConfig, zip: Buffer): Promise<void> {
    const code = await unpackCode(zip, this.#settings.codeFolder)
    const before = this.#functions.get(config.name)
    const pool = this.#createPool(config, code, before?.pool.stats)
    this.#functions.set(config.name, { config, code, modifiedMs: Date.now(), pool })
    if (before !== undefined) this.#retire(before.pool)
  }

  async remove(name: string): Promise<void> {
    const found = this.#functions.get(name)
    this.#functions.delete(name)
    found?.pool.kill()
    await found?.pool.emptied()
  }

  get(name: string): DeployedFunction | undefined {
    return this.#functions.get(name)
  }

  invoke: InvokeFunction = async (name, payload) => {
    const found = this.#functions.get(name)
    if (found === undefined) return { kind: 'not_found', message: `Function not found: ${name}` }
    return found.pool.invoke(payload)
  }

  /** The Runtime API of all instances: `/_runtime/<instance>/2018-06-01/runtime/...`. */
  runtimeApi: WireService = async (request) => {
    const [, id = '', path = ''] = /^\/_runtime\/([^/]+)\/2018-06-01\/runtime(\/.*)$/.exec(request.path) ?? []
    const instance = this.#pools()
      .map((pool) => pool.instance(id))
      .find((found) => found !== undefined)
    return instance?.runtimeApi(path, request) ?? { status: 410, body: '{"errorMessage":"This instance is not known"}' }
  }

  stats(): Record<string, FunctionStats> {
    return Object.fromEntries([...this.#functions].map(([name, { pool }]) => [name, { ...pool.stats }]))
  }

  /** Ends every process at once; resolves when none is left. */
  async stop(): Promise<void> {
    this.killAll()
    await Promise.all(this.#pools().map((pool) => pool.emptied()))
  }

  /** The first half of `stop`, for the last moment of the host process, when nothing can be awaited. */
  killAll(): void {
    for (const pool of this.#pools()) pool.kill()
  }

  #pools(): FunctionPool[] {
    return [...this.#retired, ...[...this.#functions.values()].map(({ pool }) => pool)]
  }

  #retire(pool: FunctionPool): void {
    pool.retire()
    this.#retired.add(pool)
    void pool.emptied().then(() => this.#retired.delete(pool))
  }

  #createPool(config: FunctionConfig, code: FunctionCode, stats: FunctionStats | undefined): FunctionPool {
    const { region, endpoint, functionEndpoint, bootstrapFile, idleTimeoutMs, onLogLine } = this.#settings
    const specFor = (instanceId: string) => ({
      bootstrapFile,
      taskRoot: code.taskRoot,
      memoryMegabytes: config.memoryMegabytes,
      timeoutMs: config.timeoutMs,
      environment: environmentOf(
        config,
        { region, endpoint: functionEndpoint ?? endpoint() },
        code.taskRoot,
        `${new URL(endpoint()).host}/_runtime/${instanceId}`,
      ),
      onLogLine: (line: string) => onLogLine(config.name, line),
    })
    return new FunctionPool({ functionArn: config.arn, idleTimeoutMs, specFor }, this.#concurrency, stats)
  }
}

/** A function as GetFunctionConfiguration shows it. */
export function describeFunction({ config, code, modifiedMs }: DeployedFunction): object {
  return {
    FunctionName: config.name,
    FunctionArn: config.arn,
    Role: config.roleArn,
    Description: config.description,
    Runtime: config.runtime,
    Architectures: config.architectures,
    Handler: config.handler,
    Timeout: config.timeoutMs / 1000,
    MemorySize: config.memoryMegabytes,
    Environment: { Variables: config.environment },
    CodeSize: code.zipBytes,
    CodeSha256: code.sha256,
    LastModified: new Date(modifiedMs).toISOString().replace('Z', '+0000'),
    Version: '$LATEST',
    PackageType: 'Zip',
    State: 'Active',
    LastUpdateStatus: 'Successful',
  }
}
