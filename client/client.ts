/**
 * The entry `spillway/client`: sends events to a node and reads its final windows, with the types of the pipeline. It
 * needs fetch and web streams alone, so that it runs in Node and in browsers.
 */
export { ClientError, type ClientErrorCode } from './client-error'
export { type Client, type ClientOptions, createClient } from './create-client'
export type { SendOptions, Sent, SentEvents } from './send'
export type { LiveOptions, PageOptions } from './windows'
export type { FinalWindow, NodeStatus, RejectedEvent, StreamReset } from './wire'
