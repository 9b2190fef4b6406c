/**
 * The value of an environment variable that the deployment sets. Throws when it is missing: the function is not
 * deployed as described.
 */
export function required(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '')
    throw new Error(`${name} is not set; deploy with serverless.yml, which sets it`)
  return value
}
