/**
 * How records of the stream reach the functions: pushed to a consumer of its own (enhanced fan-out), or by looking,
 * once a second while nothing comes.
 */
export type Consumer = 'fan-out' | 'standard'
