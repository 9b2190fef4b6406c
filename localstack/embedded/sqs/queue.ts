import { randomUUID } from 'node:crypto'

/** A queue's settings, as the template gives them. */
export interface QueueSettings {
  readonly name: string
  readonly visibilityTimeoutMs: number
  readonly retentionMs: number
}

export interface Message {
  readonly id: string
  readonly body: string
  readonly sentMs: number
  /** Until then it is in the hands of a receiver and nobody else gets it. */
  visibleFromMs: number
  receives: number
  /** Names the latest receive; an older handle no longer deletes. */
  receiptHandle: string
}

export interface Queue {
  readonly settings: QueueSettings
  messages: Message[]
}

/** AWS has no such limit. Here nobody may ever read the queue, and memory is not endless. */
export const MAX_QUEUED_MESSAGES = 10_000

/** Appends a message; undefined when the queue is full. */
export function sendMessage(queue: Queue, body: string, nowMs: number): Message | undefined {
  expire(queue, nowMs)
  if (queue.messages.length >= MAX_QUEUED_MESSAGES) return undefined
  const message = { id: randomUUID(), body, sentMs: nowMs, visibleFromMs: nowMs, receives: 0, receiptHandle: '' }
  queue.messages.push(message)
  return message
}

/** Hands out up to `limit` visible messages, oldest first, and hides them for the visibility timeout. */
export function receiveMessages(queue: Queue, limit: number, visibilityTimeoutMs: number, nowMs: number): Message[] {
  expire(queue, nowMs)
  const received = queue.messages.filter((message) => message.visibleFromMs <= nowMs).slice(0, limit)
  for (const message of received) {
    message.visibleFromMs = nowMs + visibilityTimeoutMs
    message.receives += 1
    message.receiptHandle = randomUUID()
  }
  return received
}

export function deleteMessage(queue: Queue, receiptHandle: string): void {
  queue.messages = queue.messages.filter((message) => message.receiptHandle !== receiptHandle)
}

/** How many messages wait, and how many are in a receiver's hands. */
export function countMessages(queue: Queue, nowMs: number): { visible: number; inFlight: number } {
  expire(queue, nowMs)
  const visible = queue.messages.filter((message) => message.visibleFromMs <= nowMs).length
  return { visible, inFlight: queue.messages.length - visible }
}

function expire(queue: Queue, nowMs: number): void {
  const oldestMs = nowMs - queue.settings.retentionMs
  if (queue.messages[0] !== undefined && queue.messages[0].sentMs < oldestMs) {
    queue.messages = queue.messages.filter((message) => message.sentMs >= oldestMs)
  }
}
