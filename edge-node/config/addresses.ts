/**
 * An address that can be shown: without user, password and query. What keeps others out of a collector goes into
 * OTEL_EXPORTER_OTLP_HEADERS.
 */
export function isPlainAddress(value: string): boolean {
  const address = URL.canParse(value) ? new URL(value) : null
  return (
    address !== null &&
    /^https?:$/.test(address.protocol) &&
    address.username + address.password + address.search === ''
  )
}
