import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach } from '@jest/globals'
import { pino } from 'pino'
import { BurstFunction } from '../../cloud/burst-function'
import type { Pipeline } from '../../core/pipeline'
import { policyNamed } from '../../core/policies'
import { systemClock } from '../../edge-node/clock'
import { type Config, configSchema, policyTerms } from '../../edge-node/config'
import { InvokeSender } from '../../edge-node/invoke-sender'
import { Prewarmer } from '../../edge-node/prewarmer'
import { SidecarClient } from '../../sidecar/client'
import { FoldStage } from '../../sidecar/fold-stage'
import { type Folding, foldsInside } from '../../sidecar/folding'
import { KeptEnvelopes } from '../../sidecar/kept-envelopes'
import { sidecarServer } from '../../sidecar/server'
import { testPipeline, VERSION } from '../edge-node/fixture'
import { MemoryCloud } from '../edge-node/memory-cloud'

export interface SidecarOptions {
  readonly mode: Config['mode']
  readonly cloud?: MemoryCloud
  readonly pipeline?: Pipeline
  readonly keptBytes?: number
  /** How it folds; here, in this thread, unless something else is given. */
  readonly folding?: Pick<Folding, 'fold' | 'foldApart'>
  readonly settings?: Record<string, unknown>
}

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
    const stage = new FoldStage({
      ...{ config, pipeline, folding, logger, version: VERSION, incarnation: 'test', clock: systemClock },
      policy: policyNamed(config.policy, policyTerms(config, 'standard')),
      cloud: {
        partials: cloud.partials,
        transport: (hooks) => new InvokeSender(new BurstFunction(cloud.burstFunction), 16, hooks, systemClock),
        prewarmer: new Prewarmer({ invoke: async () => null }, 1, logger),
        meters: [],
        lanes: { shards: 1, parallelization: 1, consumer: 'standard' },
      },
    })
    const cutting = { idleTimeoutMs: 5_000, maxEnvelopeEvents: 256, maxEnvelopeBytes: 262_144, lingerMs: 30 }
    const server = sidecarServer(
      {
        ...{ pipeline, cutting, version: VERSION, limits: config, epochMs: Date.now },
        kept: new KeptEnvelopes(keptBytes),
        fold: (lines) => stage.fold(lines),
        isFull: () => stage.isFull,
        facts: () => ({ events: stage.events, held: stage.held }),
      },
      logger,
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    stage.start()
    const client = await SidecarClient.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
    ends.push(() => {
      client.close()
      server.close()
      stage.stop()
    })
    return { client, cloud, pipeline }
  }
}
