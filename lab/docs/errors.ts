import type { ClientErrorCode } from '../../client/client-error'
import type { BurstFailure } from '../../cloud/burst-function'
import type { Refusal } from '../../core/pipeline/aggregate'
import type { Rejection } from '../../core/pipeline/event'
import type { RefusalCode } from '../../core/protocol/protocol'
import { RESETS, type ResetCode } from '../../edge-node/http/stream-place'
import type { WindowError } from '../../edge-node/results/results'
import type { FlinkUnreadCode } from '../../flink/rest/flink-rest'
import type { SidecarRefusal } from '../../flink/sidecar/messages'
import type { PipelineTestErrorCode } from '../../testing/pipeline-test-error'

/** An error of the HTTP API: its status, whether sending the same again helps, and what to do. */
export interface RequestError {
  readonly status: number
  readonly retryable: boolean
  readonly means: string
  readonly advice: string
}

const refused = (status: number, means: string, advice: string): RequestError => ({
  status,
  retryable: false,
  means,
  advice,
})
const passing = (status: number, means: string, advice: string): RequestError => ({
  status,
  retryable: true,
  means,
  advice,
})

const AGAIN = 'wait `retry-after` seconds, send it again under the same key'

/** Every code that an answer of 400 or above can have. */
export const REQUEST_ERRORS = {
  invalid_json: refused(
    400,
    'the body begins as a JSON array and is none, or no line of it is JSON',
    'correct the body; nothing of it was accepted',
  ),
  empty_body: refused(400, 'the body has no events', 'send lines of JSON, a JSON array or one object'),
  invalid_gzip: refused(400, 'the body is no sound gzip stream', 'pack it again, or send it plain'),
  invalid_key: refused(
    400,
    'the `idempotency-key` is empty, over 128 characters, or one of the own of the node',
    'choose another, such as a UUID',
  ),
  invalid_query: refused(400, 'a parameter of the query is none, or out of its range', 'the message names it'),
  unknown_parameter: refused(
    400,
    'the query has a parameter that the route does not have',
    'the message names it, the one that comes nearest, and those that there are',
  ),
  invalid_cursor: refused(400, 'the cursor was not given by this node', 'begin again without it'),
  invalid_event_id: refused(
    400,
    'the `last-event-id`, or `from`, is no id of the stream',
    'send an id as it came, or `start`',
  ),
  invalid_mode: refused(400, 'the body is no `{"mode": ...}`', 'send auto, always or never'),
  no_cloud: refused(409, 'the node was started with `--cloud none`', 'start it with a cloud to burst'),
  invalid_replay: refused(400, 'the body is no `{"ids": [...]}` of 1 to 16', 'the message says what is wrong'),
  invalid_dead_letter: refused(
    400,
    'the body is no `{"offset": ..., "reason": ...}`',
    'the message says what is wrong',
  ),
  bad_request: refused(400, 'the request cannot be read as HTTP', 'correct it'),
  no_token: refused(401, 'this node asks for a token', 'send `Authorization: Bearer TOKEN`'),
  unknown_token: refused(401, 'the token is none of this node, or is no more', 'ask for a new one'),
  missing_scope: refused(403, 'the token has not the scope that the route asks for', 'use one that has it'),
  foreign_origin: refused(403, 'a page of another origin in a browser sent it', 'use the own page, or a program'),
  not_found: refused(404, 'there is no such route', 'see docs/reference/http-api.md'),
  unknown_event: refused(404, 'no event with that offset waits to be folded', 'it is final, or was never accepted'),
  method_not_allowed: refused(405, 'the route takes other methods', '`allow` in the answer names them'),
  request_timeout: passing(
    408,
    'headers or body did not come within `headersTimeoutMs` or `requestTimeoutMs`',
    'send it again under the same key',
  ),
  event_counted: refused(409, 'the event is folded already', 'final results do not change'),
  event_away: passing(409, 'the event is in the cloud', 'ask again later'),
  window_gone: refused(
    410,
    'retention took away the windows that were asked for',
    'the message says from when on they are kept',
  ),
  body_too_large: refused(413, 'the body is over `maxBodyBytes`, packed or unpacked', 'send less at a time'),
  too_many_lines: refused(413, 'the request has more lines than `maxRequestLines`', 'send less at a time'),
  unknown_encoding: refused(415, 'the `content-encoding` is neither gzip nor none', 'send it plain or with gzip'),
  unknown_expectation: refused(417, 'there is an `expect` that is not `100-continue`', 'send it without'),
  unknown_host: refused(421, 'the `Host` header is no name of this node', 'start it with `--host-name NAME`'),
  idempotency_key_reused: refused(
    422,
    'the `idempotency-key` was used for another body, which was accepted',
    'send this one under a key of its own',
  ),
  all_rejected: refused(
    422,
    'every line was rejected: `rejected` and the other fields of a 202 are in the answer, too',
    'correct the lines; with `mayPass` some may be accepted later, under another key',
  ),
  overloaded: passing(429, 'edge and cloud are at their limits: the message says which', AGAIN),
  too_many_keys: passing(
    429,
    'the remembered keys fill `maxAnswerBytes`; none is forgotten before `rememberKeysMs`',
    'wait `retry-after`, send more events a request, or raise the limit',
  ),
  too_many_windows: passing(
    429,
    '`maxOpenPanes` panes are open, and each event of the request would open another',
    'send it again under the same key when windows have closed',
  ),
  rate_limited: passing(429, 'this address makes too many requests a second', 'wait a second'),
  headers_too_large: refused(431, 'the headers are over 16 KiB, or more than 1,000', 'send fewer'),
  internal: refused(500, 'a bug', 'look at the log of the node, and report it'),
  not_ready: passing(503, 'nothing can be accepted now, mostly for the disk, or since the node is stopping', AGAIN),
  log_failed: passing(503, 'the log could not be written; the request may still count', AGAIN),
  disk_refuses: passing(503, 'the disk refused a read or write', AGAIN),
  too_many_streams: passing(503, 'there are `maxStreams` streams already', 'close one first'),
  too_busy: passing(503, 'bodies of `maxReceivingBytes` are being received already', AGAIN),
} as const satisfies Readonly<Record<string, RequestError>>

export type RequestErrorCode = keyof typeof REQUEST_ERRORS

/** What `rejected` in an answer to events names: the line was not accepted. In the order in which they are found. */
export const LINE_REJECTIONS: Readonly<Record<Rejection['code'], string>> = {
  line_too_long: 'the line is over `maxLineBytes`',
  invalid_utf8: 'the line is not UTF-8',
  invalid_json: 'the line is no JSON',
  not_an_object: 'the line is JSON, but no object',
  schema: "the pipeline's schema refuses it: the reason names the field",
  missing_timestamp: 'there is no timestamp',
  invalid_timestamp: 'the timestamp is neither epoch milliseconds nor ISO 8601',
  timestamp_unit:
    'the timestamp is a number below 1e11, which as milliseconds lies before 1973; if it counts seconds, state that in the pipeline',
  timestamp_in_future: 'the timestamp is more than `maxFutureSkewMs` ahead of the clock of the node',
  missing_key: 'there is no key, and no `map` that could add one',
  key_too_long: 'the key is over 512 characters (UTF-16 code units)',
  unsafe_integer: 'the key is a whole number beyond 2^53 - 1, which would become its neighbour: send it as a string',
  too_many_windows: '`maxOpenPanes` panes have events already: windows have to close first',
}

/** Why an accepted event could not be folded: it is a dead letter. */
export const DEAD_LETTERS: Readonly<Record<Refusal['code'], string>> = {
  map_failed: '`map` threw, or returned what cannot be read',
  map_timeout: '`map` gave no answer within `mapTimeout`',
  map_killed:
    '`map` would have ended the process: a promise that it left rejected, a timer that throws, a loop without end',
  by_hand: 'somebody asked for it',
  missing_key: 'what `map` returned has no key',
  key_too_long: 'its key is over 512 characters',
  unsafe_integer: 'its key, or a field of `distinct`, is a whole number beyond 2^53 - 1: send it as a string',
  not_a_number: 'a field of a sum, mean, min, max or quantile is no finite number',
  out_of_range: 'a number is beyond 2^970, where a sum could overflow',
  not_a_scalar: 'a field of `distinct` is no string, number or boolean',
}

/** Why a function refused an envelope: the edge folds it. Seen in the log of the node and of the functions. */
export const ENVELOPE_REFUSALS: Readonly<Record<RefusalCode, string>> = {
  corrupt: 'its checksum or its packing is wrong',
  unknown_version: 'the function has other pipelines than the node: deploy again',
  unknown_pipeline: 'the function does not have the pipeline: deploy again',
  too_large: 'the state of one key is larger than an item of DynamoDB',
  map_killed: '`map` left an error behind that would have ended the function: the edge folds it apart',
}

/** Why a function did not do what it was called for. The edge tries again, or folds the envelope itself. */
export const FUNCTION_ERRORS: Readonly<Record<BurstFailure['code'] | 'not_a_batch' | 'not_a_merge', string>> = {
  out_of_time: 'the time of the function was nearly over: it stopped in time to say so',
  not_stored: 'the partials of the envelope could not be written',
  not_a_batch: 'the call has no `Records`, or others than those of a stream',
  not_a_merge: 'the call is no window to merge, and no run of one',
}

/** Why a dead letter could not be replayed, besides the codes of lines and of dead letters. */
export const REPLAY_FAILURES = {
  window_gone: 'retention took away the windows of the event',
  other_windows: 'an older version of the pipeline cut time into other windows',
  too_many_replays: 'a million replays are remembered already, so that none is made twice',
} as const

/** Why a window is served without its rows. */
export const WINDOW_ERRORS: Readonly<Record<WindowError['code'], string>> = {
  result_damaged: 'its rows are damaged on disk, and the cloud has no copy; restore the file from a backup',
}

/** Why a reader of the stream gets everything anew. */
export const STREAM_RESETS: Readonly<Record<ResetCode, string>> = RESETS

/** Why a node does not start: printed as `cannot start (CODE)`, exit code 1. */
export const START_ERRORS = {
  bad_config: 'a setting names something that is not there: an address, a plan',
  bad_pipeline: 'the pipeline is not there, does not compile, or cannot work; the message names file, line and reason',
  not_deployed: 'the stack is not there, or lacks a part: deploy it, or name the right one',
  cloud_unreachable:
    'the cloud does not answer, and the folder knows nothing of it yet: start the node again when it does',
  cloud_denied: "the cloud refuses to tell: the stack's EdgeNodePolicy is not attached, or it is another user",
  no_credentials: 'no region, or no credentials, are set',
  data_unusable:
    'that folder cannot be made, read or written: a file is in the way, rights or room are missing; a retry helps only for room',
  data_in_use: 'another process works on that folder',
  cannot_lock: 'the disk of that folder has no locks',
  data_not_private: 'the folder belongs to another user, or holds other things and others can enter it',
  cannot_recover: 'the folder is of another pipeline or version; the message says what to do',
  log_failed: 'the log cannot be written',
} as const

/** What the Flink job says of its own, beside what its sidecar says. */
export const FLINK_JOB_ERRORS = {
  sidecar_command:
    'the command of `--sidecar-command` ended with 2, wrong usage; the output of the TaskManager says why',
} as const

/** Why a letter stands in the topic of dead letters, where no code of a rejected line or of a dead letter says it. */
export const LETTER_CODES = {
  late: 'events came to a window that had closed; the letter names the window, how many, and where they are',
} as const

/** Why the sidecar of a Flink job does not do what it was asked for. */
export const SIDECAR_REFUSALS: Readonly<Record<SidecarRefusal, string>> = {
  frame_out_of_bounds: 'a message over 64 MiB, or bytes that are none: the connection ends; cut smaller envelopes',
  too_many_requests: 'more waits than there is memory for: the job asks again, and its source waits with it',
  malformed_request: 'the message cannot be read: job and sidecar are not of one version, or of other hands',
  hello_first: 'the connection did not begin with a hello',
  protocol_version: 'job and sidecar speak other versions of the protocol: take both from one version of Spillway',
  unknown_pipeline: 'the job asks for another pipeline than the sidecar runs: start both with the same one',
  pipeline_version: 'the sidecar runs another version of the pipelines: start all from one version',
  unknown_envelope: 'the sidecar was started again, or had no room: the job asks again, with the records',
  unbalanced: 'what was folded is not what was accepted: the window is not final, and the job starts again',
}

/** Why nothing is known of a Flink job. */
export const FLINK_ERRORS: Readonly<Record<FlinkUnreadCode, string>> = {
  flink_unreachable: 'nothing answers at the address of the JobManager, or not in 5 s: asked again until it does',
  flink_refused: 'Flink answers with an error of its own, which is in the message',
  flink_answer: 'the answer is not one of Flink: the address is of something else, or of a version that is not known',
  flink_no_job: 'no job runs there: submit it first',
  flink_unknown_job: 'there is no job with this id, or it is over',
  flink_several_jobs: 'several jobs run there: say which one by `--job`',
}

/** What `spillway/client` says of its own. */
export const CLIENT_ERRORS: Readonly<Record<ClientErrorCode, string>> = {
  unreachable: 'no connection, or one that was lost: it was tried for `giveUpMs`; see whether the node runs',
  no_answer: 'nothing came for 30 s (45 s of a stream), or an answer that no node gives: something stands in between',
  stream_reset: 'the node has another log: pass `onReset`, forget the windows of the old one, and go on',
  wrong_pipeline: 'the node runs another pipeline than the client was made for: use the address of the other node',
  answer_too_large: 'an event of the stream is beyond all measure: what answers is no node',
}

/** Why a test by `spillway/testing` fails. */
export const PIPELINE_TEST_ERRORS: Readonly<Record<PipelineTestErrorCode, string>> = {
  unreadable_event: 'an event cannot be written as JSON: the message says which',
  too_many_events: 'more than 100,000 events: give a run fewer',
  wrong_option: 'an option that cannot be used: the message says which and what it takes',
  not_json: 'a result would not arrive as it is, such as NaN or a Date: change `present`',
  split_differs: 'a window depends on how its events are split: `map` or an aggregate does not give the same',
  law_broken: 'an aggregate breaks the law that the message names, with the smallest example that was found',
}
