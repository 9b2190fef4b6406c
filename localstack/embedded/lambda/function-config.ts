/** A function as the template describes it. */
export interface FunctionConfig {
  readonly name: string
  readonly arn: string
  readonly roleArn: string
  readonly description: string
  readonly runtime: string
  readonly architectures: readonly string[]
  /** File without extension and export, e.g. `handlers/burst.handler`. */
  readonly handler: string
  readonly timeoutMs: number
  readonly memoryMegabytes: number
  readonly environment: Readonly<Record<string, string>>
}

/** Where the functions' own calls to AWS go, and the region that they believe they are in. */
export interface Surroundings {
  readonly region: string
  readonly endpoint: string
}

/**
 * The whole environment of a function process. As on AWS nothing of the host's environment is in it, so that a
 * variable set in a developer's shell cannot make a function work here that fails there.
 */
export function environmentOf(
  config: FunctionConfig,
  { region, endpoint }: Surroundings,
  taskRoot: string,
  runtimeApi: string,
): Record<string, string> {
  return {
    ...config.environment,
    _HANDLER: config.handler,
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_LAMBDA_FUNCTION_NAME: config.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(config.memoryMegabytes),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${config.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'embedded',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_EXECUTION_ENV: `AWS_Lambda_${config.runtime}`,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: 'embedded',
    AWS_SECRET_ACCESS_KEY: 'embedded',
    AWS_ENDPOINT_URL: endpoint,
    LAMBDA_TASK_ROOT: taskRoot,
    HOME: taskRoot,
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
  }
}
