/** What travels between the main thread and the store thread besides requests and replies. */
import type { MessagePort } from 'node:worker_threads'
import { DroverError, type ErrorRecord, toErrorRecord } from '../../errors.js'
import type { EngineOp, StoreReply, StoreRequest } from '../contract/engine.js'
import type { LaneCounts } from '../contract/registry.js'
import type { EngineAnswer } from '../sqlite/engine.js'
import type { Durability } from '../sqlite/open.js'

/** What the store thread is started with. */
export interface StoreBoot {
  file: string
  durability: Durability
  keepEvents: number
  /** Shared; not 0: the end is near, and locks of other processes are waited for no longer. */
  hurry: Int32Array
  /** The main thread's port: requests, {@link StoreCommand}s and {@link StoreNotice}s all go over it, so that they stay in order. */
  port: MessagePort
}

export type StoreCommand =
  /** Requests of a worker thread come over this port from now on, instead of an earlier one of the same worker. */
  | { type: 'attach'; worker: string; port: MessagePort }
  /** No more requests come from the worker; what it had sent is still done. */
  | { type: 'detach'; worker: string }
  /** Do all that was asked, close the file, end. */
  | { type: 'close' }
  /** Leave undone what was asked, close the file, end. */
  | { type: 'abandon' }
  /** For tests: die at once, or between a commit and its replies. */
  | { type: 'exit'; code: number; after?: 'commit' }

export type StoreNotice =
  | { type: 'ready' }
  /** The file could not be opened; the thread ends. */
  | { type: 'refused'; error: ErrorRecord }
  /** Lanes that changed since the last such notice. */
  | { type: 'counts'; counts: LaneCounts[] }
  /** Another process changed the store. */
  | { type: 'changed' }
  /** Nothing can come of the store any more. */
  | { type: 'damaged'; error: ErrorRecord }

/** What workers ask for. */
const workersOps: ReadonlySet<unknown> = new Set<EngineOp>([
  'now',
  'exchange',
  'acquireQuota',
  'cancelQuota',
  'leaveQuotas',
  'observeQuota',
  'retireQuota',
  'settleQuota',
  'blockQuota',
])

/** Whether what came from a worker, or from another thread of the user's, is a request that is theirs to make. */
export function isWorkersRequest(message: unknown): message is StoreRequest {
  if (typeof message !== 'object' || message === null) return false
  const { id, op, request } = message as Partial<StoreRequest>
  return Number.isSafeInteger(id) && workersOps.has(op) && typeof request === 'object' && request !== null
}

/** The answer to what came from a worker and is no request of theirs, so that nobody waits for one; null: it has no number to be answered by. */
export function refusalOf(message: unknown): StoreReply | null {
  const { id, op } = (typeof message === 'object' && message !== null ? message : {}) as Partial<Record<'id' | 'op', unknown>>
  if (!Number.isSafeInteger(id)) return null
  const error = new DroverError('ARGUMENT_INVALID', `${typeof op === 'string' ? op : 'what was sent'} is no request that a worker may make`)
  return { id: id as number, ok: false, error: toErrorRecord(error) }
}

/** @param answer the engine's */
export function replyTo({ id }: StoreRequest, answer: EngineAnswer): StoreReply {
  return answer.ok ? { id, ok: true, value: answer.value } : { id, ok: false, error: toErrorRecord(answer.error) }
}

/** A request, as opposed to a command. */
export function isRequest(message: StoreRequest | StoreCommand): message is StoreRequest {
  return 'op' in message
}
