import type { DeployedFunction } from './function-host'

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
