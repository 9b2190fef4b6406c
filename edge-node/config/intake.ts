import type { IntakeLimits } from '../../core/protocol/intake'
import { decimal, GiB, KiB, MiB, wholeNumber } from './fields'

/** How events are taken, cut into envelopes, and held. */
export const intakeFields = {
  edgeLingerMs: decimal({ min: 0 })
    .default(10)
    .describe('how long an envelope waits for more events at the edge; short, a cut costs little'),
  burstLingerMs: decimal({ min: 0 })
    .optional()
    .describe(
      'the same while bursting, longer since each envelope costs a write; default: 0.06 of the target over kinesis, 0.03 by invoke',
    ),
  maxEnvelopeBytes: wholeNumber({ min: 1024, max: 320 * KiB })
    .default(256 * KiB)
    .describe('raw lines in one envelope: well within a Kinesis record of 1 MiB'),
  maxBacklogBytes: wholeNumber({ min: 1024, max: GiB }) // as text in the heap, of which Node gives a process 2 to 4 GiB
    .default(64 * MiB)
    .describe('raw lines waiting at the edge before it refuses: they are in memory'),
  maxBodyBytes: wholeNumber({ min: 1024, max: 128 * MiB })
    .default(16 * MiB)
    .describe('size of a request, unpacked'),
  maxRequestLines: wholeNumber({ min: 1, max: 100_000 })
    .default(20_000)
    .describe('lines in a request: they are read in one turn of the loop'),
  maxLineBytes: wholeNumber({ min: 64, max: 320 * KiB })
    .default(128 * KiB)
    .describe('size of an event: half an envelope at most'),
  rememberKeysMs: wholeNumber({ min: 1_000, max: 7 * 24 * 3_600_000 }) // what is older is past every client's patience
    .default(3_600_000)
    .describe('time for which an idempotency key is remembered; longer than a client goes on repeating a request'),
  maxAnswerBytes: wholeNumber({ min: 64 * KiB, max: 8 * GiB }) // outside of the heap
    .default(256 * MiB)
    .describe(
      'memory for these keys, 56 bytes each: 1,300 requests a second for an hour; at the limit requests with new keys get 429',
    ),
  maxOpenPanes: wholeNumber({ min: 1, max: 1_000_000 }) // each is in every checkpoint
    .default(10_000)
    .describe('panes with events at once: each has its groups in memory'),
  maxGroups: wholeNumber({ min: 1, max: 2_000_000 })
    .default(1_000_000)
    .describe(
      'keys held over all open panes at the edge before it refuses; beside its text, one of count, sum and max takes some 80 bytes, quantile and distinct grow with their values up to some kB (`spillway bench memory`)',
    ),
  idleTimeoutMs: wholeNumber({ min: 100 })
    .default(5_000)
    .describe('time without requests after which windows that are past by the clock close'),
  maxFutureSkewMs: wholeNumber({ min: 0 })
    .default(60_000)
    .describe('how far ahead of the clock a timestamp may be: one wrong clock must not close all windows'),
}

interface LimitFields {
  readonly rememberKeysMs: number
  readonly maxAnswerBytes: number
  readonly maxOpenPanes: number
  readonly idleTimeoutMs: number
}

/** What admission needs of the settings. */
export const intakeLimits = ({
  rememberKeysMs,
  maxAnswerBytes,
  maxOpenPanes,
  idleTimeoutMs,
}: LimitFields): IntakeLimits => ({
  rememberKeysMs,
  answerBytes: maxAnswerBytes,
  openPanes: maxOpenPanes,
  idleTimeoutMs,
})
