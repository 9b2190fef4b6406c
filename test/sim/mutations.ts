import type { Mutation } from './mutation'
import { CLOUD_MUTATIONS } from './mutations-cloud'
import { EDGE_MUTATIONS } from './mutations-edge'
import { LOG_MUTATIONS } from './mutations-log'

export const MUTATIONS: readonly Mutation[] = [...CLOUD_MUTATIONS, ...EDGE_MUTATIONS, ...LOG_MUTATIONS]
