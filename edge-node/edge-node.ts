import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Envelope } from '../core/protocol/envelope'
import { loadProgram, type Program } from '../program/program'
import { type CloudHalf, NO_CLOUD, noCloudHalf, openCloudHalf } from './burst/cloud-half'
import { Retainer } from './closing/retainer'
import { type Config, intakeLimits, retentionInWords } from './config/config'
import { BadConfig, chosenPolicy } from './control/chosen-policy'
import { DeadLetters } from './dead-letters/dead-letters'
import { Replays } from './dead-letters/replays'
import { lockData } from './disk/data-lock'
import { dataUnusable } from './disk/data-unusable'
import { DiskSpace } from './disk/disk-space'
import { keepPrivate } from './disk/private-data'
import { FoldApart, lettersForATrial } from './fold/apart/fold-apart'
import { openSuspects } from './fold/suspects'
import { Watchdog } from './fold/watchdog'
import { createHttp } from './http/http'
import { statusOf } from './http/status'
import { attachLines } from './log/attach-lines'
import { Checkpoints } from './log/checkpoints'
import { fromCloud, openResults } from './log/open-results'
import { readBack } from './log/read-back'
import { afterCheckpoints, takeBackStale } from './log/recovery'
import { EdgeNode } from './node/node'
import { Replayer } from './node/replayer'
import { systemClock } from './observe/clock'
import type { Trace } from './observe/observe'
import { openTracing } from './observe/tracing/open-tracing'

const HOUR_MS = 3_600_000

/** A running edge node. */
export interface Edge {
  readonly url: string
  stop(): Promise<void>
}

const HELD_BEYOND_MS = 20_000 // a checkpoint, a collection of garbage or a busy machine hold it for a few seconds

/** What a test gives a node: a program that is no file of the project, and shorter limits. */
export interface Given {
  readonly program?: Program
  /** How long a fold may hold the thread, beyond the time limit of `map`, before the process is ended. */
  readonly heldBeyondMs?: number
}

/**
 * Starts an edge node: reads the deployment, recovers the log, listens. Rejects with BadConfig, CloudUnread,
 * BadPipeline, CannotRecover, DataUnusable, DataInUse, CannotLock or LogFailed, each of which says what to do.
 */
export async function startEdge(config: Config, logger: Logger, given: Given = {}): Promise<Edge> {
  return start(config, logger, given).catch((error: unknown) => {
    throw dataUnusable(error, config.dataDir)
  })
}

async function start(given: Config, logger: Logger, { program, heldBeyondMs }: Given): Promise<Edge> {
  const config: Config = given.cloud === 'none' ? { ...given, mode: 'never' } : given
  await keepPrivate(config.dataDir, logger)
  const lock = await lockData(config.dataDir)
  // After both: what is written there is code that this process runs, and another node may run it, too.
  const loaded = program ?? loadProgram(config.pipeline, process.cwd(), join(config.dataDir, 'bundles'))
  const half = await cloudHalfOf(config, loaded, logger)
  const data = await openData(config, loaded, half, logger)
  const diskSpace = new DiskSpace(config.dataDir, config.reservedDiskBytes, systemClock, lock.stands)
  await diskSpace.start()
  const tracing = await openTracing({ config, ...data.identity, logger, clock: systemClock }, process.env)
  const running = await assemble({ config, loaded, half, data, diskSpace, trace: tracing.trace, logger })
  const { http, node, retainer, foldApart } = running
  // Listening comes before folding: whatever the fold of what was recovered does, the node says what it is about.
  const url = await http.listen({ host: config.host, port: config.port }).catch((error: Error) => {
    throw new BadConfig(`${config.host}:${config.port} cannot be listened on (${error.message}); choose another --port`)
  })
  const { name, mapTimeoutMs } = loaded.pipeline
  const told = { url, pipeline: name, version: loaded.version, recoveredRecords: data.records }
  const cloud = config.cloud === 'none' ? NO_CLOUD : half.width.lanes
  logger.info({ ...told, cloud, retention: retentionInWords(config) }, 'the edge node is listening')
  const watchdog = Watchdog.start(mapTimeoutMs + (heldBeyondMs ?? HELD_BEYOND_MS))
  node.start()
  retainer.start()
  if (config.mode !== 'never' && config.policy !== 'none' && config.maxUsdPerHour > 0) half.prewarmer.start()
  await half.width.start(node)
  return {
    url,
    stop: async () => {
      await http.close()
      diskSpace.stop()
      half.prewarmer.stop()
      await retainer.stop()
      await half.width.stop()
      await foldApart.close()
      await node.stop()
      await watchdog.stop()
      await tracing.stop()
      await data.replays.close()
      await lock.release()
    },
  }
}

function cloudHalfOf(config: Config, { pipeline, version }: Program, logger: Logger): Promise<CloudHalf> | CloudHalf {
  return config.cloud === 'none' ? noCloudHalf(logger) : openCloudHalf(config, { name: pipeline.name, version }, logger)
}

/** Opens what the data directory has, and takes up its log: what was accepted before this start. */
async function openData(config: Config, { pipeline, version }: Program, half: CloudHalf, logger: Logger) {
  const { dataDir, maxBacklogBytes } = config
  const checkpoints = await Checkpoints.open(join(dataDir, 'checkpoints'))
  const checkpoint = await checkpoints.newest()
  const { damaged } = checkpoints
  for (const file of damaged) logger.warn({ file }, 'a checkpoint is damaged; the one before it is taken')
  const limits = { intake: intakeLimits(config), heldBytes: maxBacklogBytes }
  const { log, keys, tornBytes, recovered, repeated, records } = await afterCheckpoints(damaged, () =>
    readBack(dataDir, { pipeline, version, limits, checkpoint }, Date.now()),
  )
  if (tornBytes > 0) logger.warn({ tornBytes }, 'a torn tail was cut off the log; nothing of it had been answered')
  const { boot, ledger } = recovered
  const copies = fromCloud(pipeline.name, boot.incarnation, half.results)
  const { results, finals } = await openResults(dataDir, checkpoint, recovered.finals, copies)
  await log.append([boot])
  const deadLetters = await DeadLetters.open(join(dataDir, 'dead-letters'), pipeline, results, ledger.neededOffset())
  takeBackStale(ledger, deadLetters)
  await attachLines(ledger, log, ledger.unattached(), maxBacklogBytes)
  const replays = await Replays.open(dataDir, repeated)
  const tornLines = deadLetters.tornBytes + replays.tornBytes
  if (tornLines > 0)
    logger.warn({ tornLines }, 'bytes of a torn write were cut off dead letters or replays; nobody saw them')
  const identity = { pipeline: pipeline.name, version, incarnation: boot.incarnation }
  return { checkpoints, log, keys, recovered, records, results, finals, deadLetters, replays, identity }
}

interface Parts {
  readonly config: Config
  readonly loaded: Program
  readonly half: CloudHalf
  readonly data: Awaited<ReturnType<typeof openData>>
  readonly diskSpace: DiskSpace
  readonly trace: Trace
  readonly logger: Logger
}

/** The node with what it works with: who folds what may kill, who takes away what is old, who answers over HTTP. */
async function assemble({ config, loaded, half, data, diskSpace, trace, logger }: Parts) {
  const { pipeline, version, module } = loaded
  const { log, recovered, results, finals, deadLetters, replays } = data
  const { ledger, boot } = recovered
  const named = (component: string) => logger.child({ component })
  const suspects = await openSuspects(config.dataDir, [...ledger.queued(), ...ledger.unattached()], named('apart'))
  const apartDeps = { pipeline, module, logger: named('apart') }
  const foldApart = new FoldApart({ ...apartDeps, deadLetters })
  const { partials, results: candidates, merge, transport, prewarmer, meters, width } = half
  const { keys, checkpoints } = data
  const node = new EdgeNode({
    ...{ config, pipeline, log, checkpoints, diskSpace, recovered, results, finals, keys, deadLetters },
    ...{ prewarmer, meters, transport, logger, clock: systemClock, trace },
    cloud: { partials, results: candidates, merge },
    policy: await chosenPolicy(config, () => width.lanes.consumer),
    lanes: () => width.lanes,
    care: { suspects, foldApart: (envelope) => foldApart.fold(envelope) },
  })
  const retention = { ageMs: config.retentionHours * HOUR_MS, bytes: config.retentionBytes }
  const needed = () => node.needed()
  const retained = { results, finals, deadLetters, replays, needed, logger: named('retention') }
  const retainer = new Retainer(retained, retention, systemClock)
  await retainer.look() // so that nothing is served that a crash kept from being taken away
  const tryApart = (envelope: Envelope) =>
    new FoldApart({ ...apartDeps, deadLetters: lettersForATrial() }).fold(envelope)
  const replayed = { pipeline, version, deadLetters, replays, results, node, clock: systemClock }
  const replayer = new Replayer({ ...replayed, foldApart: tryApart })
  const status = () => statusOf({ node, pipeline: pipeline.name, identity: boot, config, width, results })
  const served = { config, pipeline, node, results, deadLetters, replays, replayer, status, log, diskSpace }
  const http = createHttp({ ...served, logger: named('http') })
  return { node, retainer, http, foldApart }
}
