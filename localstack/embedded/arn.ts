/** The account that owns everything in the embedded cloud; the number that local clouds commonly use. */
export const ACCOUNT_ID = '000000000000'

/**
 * An Amazon Resource Name in the embedded cloud's account, e.g. `arn:aws:kinesis:us-east-1:000000000000:stream/name`.
 */
export function arn(service: string, region: string, resource: string): string {
  return `arn:aws:${service}:${region}:${ACCOUNT_ID}:${resource}`
}
