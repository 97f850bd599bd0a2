/** Messages between the main thread and the store thread, besides requests and replies. */
import type { MessagePort } from 'node:worker_threads'
import { DroverError, type ErrorRecord, toErrorRecord } from '../../errors.js'
import type { EngineOp, StoreReply, StoreRequest } from '../contract/engine.js'
import type { LaneCounts } from '../contract/registry.js'
import type { EngineAnswer } from '../sqlite/engine.js'
import type { Durability } from '../sqlite/open.js'

/** The `workerData` of the store thread. */
export interface StoreBoot {
  file: string
  durability: Durability
  keepEvents: number
  /** Shared; not 0: the system is closing, so do not wait for locks of other processes. */
  hurry: Int32Array
  /** Shared; see {@link StoreMeter}. */
  meter: SharedArrayBuffer
  /** The main thread's port: requests, {@link StoreCommand}s and {@link StoreNotice}s all go over it, so that they stay in order. */
  port: MessagePort
}

export type StoreCommand =
  /** From now on requests of a worker thread come over this port, which replaces an earlier one. */
  | { type: 'attach'; worker: string; port: MessagePort }
  /** No more requests come from the worker; its sent requests are still done. */
  | { type: 'detach'; worker: string }
  /** Do all sent requests, close the file, end. */
  | { type: 'close' }
  /** Drop all sent requests, close the file, end. */
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
  /** The store cannot be written. `since`: when the transaction began that could not, in ms since the epoch. */
  | { type: 'unwritable'; error: ErrorRecord; since: number }
  /** It was written again. */
  | { type: 'written' }
  /** The store is unusable. */
  | { type: 'damaged'; error: ErrorRecord }

/** The operations that workers may call. */
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

/** Whether a message of a worker, or of another thread of the user, is a request that it may make. */
export function isWorkersRequest(message: unknown): message is StoreRequest {
  if (typeof message !== 'object' || message === null) return false
  const { id, op, request } = message as Partial<StoreRequest>
  return Number.isSafeInteger(id) && workersOps.has(op) && typeof request === 'object' && request !== null
}

/** The refusal of an invalid request of a worker, so that its caller does not wait; null: the message has no id. */
export function refusalOf(message: unknown): StoreReply | null {
  const { id, op } = (typeof message === 'object' && message !== null ? message : {}) as Partial<Record<'id' | 'op', unknown>>
  if (!Number.isSafeInteger(id)) return null
  const error = new DroverError(
    'ARGUMENT_INVALID',
    `${typeof op === 'string' ? op : 'the message'} is not a request that a worker may make`,
  )
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
