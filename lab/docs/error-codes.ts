import {
  CLIENT_ERRORS,
  DEAD_LETTERS,
  ENVELOPE_REFUSALS,
  FLINK_ERRORS,
  FLINK_JOB_ERRORS,
  FUNCTION_ERRORS,
  LETTER_CODES,
  LINE_REJECTIONS,
  PIPELINE_TEST_ERRORS,
  REPLAY_FAILURES,
  REQUEST_ERRORS,
  SIDECAR_REFUSALS,
  START_ERRORS,
  STREAM_RESETS,
  WINDOW_ERRORS,
} from './errors'
import { code, page, table } from './markdown'

/** The reference of all codes. */
export function errorCodesPage(): string {
  const requests = Object.entries(REQUEST_ERRORS).map(([name, { status, retryable, means, advice }]) => [
    String(status),
    code(name),
    means,
    retryable ? 'yes' : 'no',
    advice,
  ])
  return page(
    '# Error codes',
    `## Of requests\n\n${OF_REQUESTS}\n\n${table(['status', 'code', 'what it means', 'retry', 'what to do'], requests)}`,
    section(
      'Of lines',
      'In `rejected` of the answer to events, the first of these that applies. The line was not accepted; the others of the request were. [What a line is](../FORMULAS.md#bodies-and-lines). `too_many_windows` and `timestamp_in_future` may pass later (`mayPass` in the answer): send such a line again under another key, since the same key gets the same answer.',
      LINE_REJECTIONS,
    ),
    section(
      'Of dead letters',
      'The event was accepted and could not be folded. It is kept, see [replaying](../how-to/replay-dead-letters.md).',
      DEAD_LETTERS,
    ),
    section(
      'Of replays',
      'A dead letter stays what it was. Codes of lines and of dead letters may come as well.',
      REPLAY_FAILURES,
    ),
    section('Of windows', 'In `error` of a window without its rows; the rest of it is right.', WINDOW_ERRORS),
    section(
      'Of the stream',
      'In the event `reset` of `GET /v1/stream`: all windows that are kept follow.',
      STREAM_RESETS,
    ),
    section(
      'Of envelopes',
      'A function did not fold the envelope; the edge does. In the logs alone.',
      ENVELOPE_REFUSALS,
    ),
    section('Of functions', 'In the answer or the error of a call, and in the logs alone.', FUNCTION_ERRORS),
    section(
      'Of the sidecar',
      'In the exception that ends a try of a Flink job, and in its log. [How to run on Flink](../how-to/run-on-flink.md).',
      { ...SIDECAR_REFUSALS, ...FLINK_JOB_ERRORS },
    ),
    section(
      'Of letters on Flink',
      'In the topic of dead letters, beside the codes of rejected lines and of dead letters.',
      LETTER_CODES,
    ),
    section('Of Flink', "In messages of what reads a job by Flink's REST API.", FLINK_ERRORS),
    section(
      'Of a start',
      'Printed as `The edge node cannot start (CODE): ...`, which says what to do; exit code 1. Settings that cannot be used give exit code 2, and `--check` gives 1.',
      START_ERRORS,
    ),
    section(
      'Of the client',
      'In `code` of a ClientError, beside the codes of requests. [How to use it](../how-to/read-results.md).',
      CLIENT_ERRORS,
    ),
    section(
      'Of tests',
      'In `code` of a PipelineTestError. [How to test a pipeline](../how-to/test-a-pipeline.md).',
      PIPELINE_TEST_ERRORS,
    ),
  )
}

const section = (title: string, text: string, codes: Readonly<Record<string, string>>) =>
  `## ${title}\n\n${text}\n\n${table(
    ['code', 'what it means'],
    Object.entries(codes).map(([name, means]) => [code(name), means]),
  )}`

const OF_REQUESTS = `Every error is \`{"code", "message", "retryable"}\`; \`overloaded\`, \`too_many_keys\` and \`too_many_windows\`
have \`retryAfterMs\` as well, \`all_rejected\` all that a 202 has, and 429 and 503 the header \`retry-after\`. Nothing of a request
that was refused with 4xx or \`not_ready\` was accepted; after \`log_failed\` it may still count.`
