import { Option } from 'commander'
import { integer, number, oneOf, url, word } from '../command-line/flags'
import { tokenOption } from '../command-line/token'
import { LOAD_DEFAULTS, PIPELINES } from './options'
import { PROFILES } from './schedule/profile'

const MAX_RATE = 10_000_000
const MAX_SECONDS = 7 * 86_400

/** The command line's options, in the order and groups of its help. */
export function loadFlags(): Option[] {
  return [targetOptions, scheduleOptions, traceOptions, eventOptions, sendingOptions, outputOptions].flatMap((group) =>
    group(),
  )
}

function group(heading: string, options: Option[]): Option[] {
  return options.map((option) => option.helpGroup(`${heading}:`))
}

function targetOptions(): Option[] {
  return group('Target', [
    new Option('--url <url>', 'base URL of the edge node').argParser(url).default(LOAD_DEFAULTS.url),
    tokenOption('ingest'),
    new Option('--pipeline <name>', `events to generate: ${PIPELINES.join(' | ')}`)
      .argParser(oneOf(PIPELINES))
      .default(LOAD_DEFAULTS.pipeline),
  ])
}

function scheduleOptions(): Option[] {
  return group('Schedule', [
    new Option('--profile <name>', `${PROFILES.join(' | ')} (default: constant, or trace with --trace)`).argParser(
      oneOf(PROFILES),
    ),
    new Option('--rate <n>', 'events per second: base rate (default: 1000)').argParser(number(0, MAX_RATE)),
    new Option('--peak <n>', 'events per second: peak of step, spike, ramp, sine (default: 4 x rate)').argParser(
      number(0, MAX_RATE),
    ),
    new Option('--seconds <n>', 'length of the schedule (default: 60, or the whole trace)').argParser(
      number(0.001, MAX_SECONDS),
    ),
    new Option('--spike-start <s>', 'seconds until the spike or step begins (default: a third of the run)').argParser(
      number(0, MAX_SECONDS),
    ),
    new Option('--spike-seconds <s>', 'length of the spike (default: a third of the run)').argParser(
      number(0, MAX_SECONDS),
    ),
    new Option('--period-seconds <s>', 'period of the sine, which begins at its lowest (default: the run)').argParser(
      number(0.1, MAX_SECONDS),
    ),
    new Option('--seed <n>', 'decides the events and the schedule, 0 to 2^32 - 1')
      .argParser(integer(0, 2 ** 32 - 1))
      .default(LOAD_DEFAULTS.seed),
  ])
}

function traceOptions(): Option[] {
  return group('Trace (replays a recorded rate)', [
    new Option('--trace <file>', 'CSV: # comments, the header start_s,events, one row per bin'),
    new Option('--mean-rate <n>', "events per second of the replay, on average (default: the trace's own)").argParser(
      number(0.001, MAX_RATE),
    ),
    new Option('--speedup <n>', "compresses the trace's time; does not multiply the mean rate (default: 1)").argParser(
      number(0.001, 1_000_000),
    ),
    new Option('--from-s <s>', "replay from this second of the trace's own time (default: its start)").argParser(
      number(0, Number.MAX_SAFE_INTEGER),
    ),
    new Option('--to-s <s>', "replay to this second of the trace's own time (default: its end)").argParser(
      number(0, Number.MAX_SAFE_INTEGER),
    ),
  ])
}

function eventOptions(): Option[] {
  return group('Events', [
    new Option('--file <file>', 'send the events of this NDJSON or .csv file, timestamps kept, until it ends'),
    new Option(
      '--sample <file>',
      'send events made after the lines of this NDJSON file, again and again, at the present time',
    ),
    new Option('--time-field <name>', "field of the sample's events that has their time").default(
      LOAD_DEFAULTS.timeField,
    ),
    new Option('--keys <n>', 'number of auctions').argParser(integer(1, 5_000_000)).default(LOAD_DEFAULTS.keys),
    new Option('--zipf <s>', "exponent of the auctions' popularity; 0: all alike")
      .argParser(number(0, 10))
      .default(LOAD_DEFAULTS.zipf),
    new Option('--poison <share>', 'share of bids, 0 to 1, with a price of 0 (dead-lettered)')
      .argParser(number(0, 1))
      .default(LOAD_DEFAULTS.poison),
    new Option('--disorder-ms <ms>', 'event times lie up to this far before the intended send time')
      .argParser(integer(0, 3_600_000))
      .default(LOAD_DEFAULTS.disorderMs),
  ])
}

function sendingOptions(): Option[] {
  return group('Sending', [
    new Option('--batch <n>', 'most events per request; a request never spans more than 10 ms of the schedule')
      .argParser(integer(1, 10_000))
      .default(LOAD_DEFAULTS.batch),
    new Option('--connections <n>', 'most requests in flight')
      .argParser(integer(1, 256))
      .default(LOAD_DEFAULTS.connections),
    new Option('--timeout-seconds <s>', 'after this a request counts as lost and is sent again')
      .argParser(number(0.1, 3600))
      .default(LOAD_DEFAULTS.timeoutMs / 1000),
    new Option('--drain-seconds <s>', 'how long after the schedule to go on until every answer is definite')
      .argParser(number(0, 86_400))
      .default(LOAD_DEFAULTS.drainMs / 1000),
    new Option('--give-up-seconds <s>', 'end when nothing at all has ever answered for this long')
      .argParser(number(0, 86_400))
      .default(LOAD_DEFAULTS.giveUpMs / 1000),
    new Option('--run-id <id>', 'first part of the idempotency keys (default: random)').argParser(word(64)),
  ])
}

function outputOptions(): Option[] {
  return group('Output', [
    new Option('--json', 'print the report as JSON instead of words'),
    new Option('--report <file>', 'write the report (JSON) here'),
    new Option('--accepted <file>', 'write every accepted line with the horizon of its answer here (NDJSON)'),
    new Option('--quiet', 'no progress line on standard error'),
  ])
}
