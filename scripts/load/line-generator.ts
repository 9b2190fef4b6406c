/** The line of event `n`, carrying `timestampMs` as its event time. Pure: the same arguments give the same line. */
export type LineGenerator = (n: number, timestampMs: number) => string
