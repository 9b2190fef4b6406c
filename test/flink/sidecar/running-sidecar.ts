import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach } from '@jest/globals'
import { pino } from 'pino'
import { BurstFunction } from '../../../cloud/burst-function'
import { policyNamed } from '../../../core/control/policies'
import type { Pipeline } from '../../../core/pipeline/pipeline'
import { InvokeSender } from '../../../edge-node/burst/invoke-sender'
import { Prewarmer } from '../../../edge-node/burst/prewarmer'
import { type Config, configSchema, policyTerms } from '../../../edge-node/config/config'
import { systemClock } from '../../../edge-node/observe/clock'
import { SidecarClient } from '../../../flink/sidecar/client'
import { FoldStage } from '../../../flink/sidecar/fold/fold-stage'
import { type Folding, foldsInside } from '../../../flink/sidecar/fold/folding'
import { KeptEnvelopes } from '../../../flink/sidecar/kept-envelopes'
import { sidecarServer } from '../../../flink/sidecar/server'
import { EventDelays, factsOf } from '../../../flink/sidecar/sidecar-facts'
import { StandingOrders } from '../../../flink/sidecar/standing-orders'
import { event, testPipeline, VERSION } from '../../support/fixture'
import { MemoryCloud } from '../../support/memory-cloud'

export interface SidecarOptions {
  readonly mode: Config['mode']
  readonly cloud?: MemoryCloud
  readonly pipeline?: Pipeline
  readonly keptBytes?: number
  /** How it folds; here, in this thread, unless something else is given. */
  readonly folding?: Pick<Folding, 'fold' | 'foldApart'>
  readonly settings?: Record<string, unknown>
}

const ONE_LANE = { shards: 1, parallelization: 1, consumer: 'standard' } as const
const logger = pino({ level: 'silent' })

/** Starts sidecars over a real socket, each with the cloud in memory; they end after each test. */
export function runningSidecars() {
  const ends: (() => void)[] = []
  afterEach(() => {
    for (const end of ends.splice(0)) end()
  })
  return async ({
    mode,
    pipeline = testPipeline(),
    cloud = new MemoryCloud(pipeline, VERSION),
    keptBytes = 1024,
    folding = { fold: foldsInside(pipeline), foldApart: async () => null },
    settings = {},
  }: SidecarOptions) => {
    const config = configSchema.parse({ mode, transport: 'invoke', headPollMs: 10, ...settings })
    const prewarmer = new Prewarmer({ invoke: async () => null }, 1, logger)
    const orders = new StandingOrders(config, systemClock)
    const stage = new FoldStage({
      ...{ orders, pipeline, folding, logger, version: VERSION, incarnation: 'test', clock: systemClock },
      policy: policyNamed(config.policy, policyTerms(config, 'standard')),
      cloud: {
        partials: cloud.partials,
        transport: (hooks) =>
          new InvokeSender(new BurstFunction(cloud.burstFunction), () => orders.limits.lanes, hooks, systemClock),
        prewarmer,
        meters: [],
        lanes: ONE_LANE,
      },
    })
    const cutting = { idleTimeoutMs: 5_000, maxEnvelopeEvents: 256, maxEnvelopeBytes: 262_144, lingerMs: 30 }
    const kept = new KeptEnvelopes(keptBytes)
    const server = sidecarServer(
      {
        ...{ pipeline, cutting, version: VERSION, limits: config, epochMs: Date.now },
        kept,
        fold: (lines) => stage.fold(lines),
        isFull: () => stage.isFull,
        facts: () =>
          factsOf({
            ...{ stage, orders, kept, version: VERSION, incarnation: 'test', canBurst: mode !== 'never' },
            ...{ cloud: { lanes: ONE_LANE }, delays: new EventDelays() },
          }),
        obey: (next) => stage.obey(next),
      },
      logger,
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    stage.start()
    const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
    const sockets = new Set<Socket>()
    server.on('connection', (socket) => sockets.add(socket))
    const stop = () => {
      server.close()
      stage.stop()
      for (const socket of sockets) socket.destroy()
    }
    ends.push(stop)
    const connect = async () => {
      const client = await SidecarClient.connect(address)
      ends.push(() => client.close())
      return client
    }
    const client = await connect()
    return {
      ...{ client, connect, address, cloud, pipeline, stop },
      prewarmed: () => prewarmer.invocations,
      /** Folds an event beside the protocol. */
      fold: (startMs: number) => stage.fold({ lines: [event('a', 1)], panes: [startMs] }),
      /** Lets the policy look, as every tick and every envelope do. */
      tick: () => void stage.router.controller.look(),
      /** From now on it listens and answers nobody. */
      hush: () => {
        for (const socket of sockets) socket.removeAllListeners('data')
        server.removeAllListeners('connection')
        server.on('connection', (socket) => sockets.add(socket)) // to be closed in the end
      },
    }
  }
}
