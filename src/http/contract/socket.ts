/**
 * The messages of `/api/ws?protocol=2`, in both directions. The server begins with `hello`, then `state` (unless the connection
 * resumes), then one `patch` for each change. `seq` rises by one with each patch; `<epoch>.<seq>` of the last one seen is what
 * `since` takes.
 */
import type { LogRecord, StatusEvent } from './log.js'
import type { Quota } from './quota.js'
import type { TreeNode, TreePatch } from './tree.js'
import type { Beat, Overview, Worker } from './worker.js'

/** The topics of a connection. Without a choice they are `workers`, `overview` and `tree`; `topics=a,b` or a `subscribe` message changes it. */
export const topics = ['overview', 'workers', 'tree', 'quotas', 'beats', 'events', 'logs'] as const
/** A topic: a part of the state, or a feed of messages. */
export type Topic = (typeof topics)[number]

/** Topics that are parts of the state, in the order of the wire. The others are feeds. */
export const stateTopics = ['overview', 'workers', 'tree', 'quotas'] as const satisfies (keyof LiveState & Topic)[]

/** The state: each part is present if the connection has its topic. */
export interface LiveState {
  overview?: Overview
  /** By id, in the order of the configuration. */
  workers?: Record<string, Worker>
  tree?: TreeNode[]
  /** By name. */
  quotas?: Record<string, Quota>
}

/**
 * The changes: changed fields of the overview; by id, changed fields of a worker or quota (all fields of a new one), null if it
 * is gone. Of the tree, the changed fields by name; it is whole if nodes came, went or moved, and always for a connection without
 * `tree=patches` in its address.
 */
export interface LivePatch {
  overview?: Partial<Overview>
  workers?: Record<string, Partial<Worker> | null>
  tree?: TreeNode[] | TreePatch
  quotas?: Record<string, Partial<Quota> | null>
}

export type ServerMessage =
  | { type: 'hello'; protocol: 2; epoch: string; seq: number; resumed: boolean; role: 'read' | 'control'; pingMs: number }
  | { type: 'state'; seq: number; at: number; data: LiveState }
  | { type: 'patch'; seq: number; at: number; data: LivePatch }
  /** By id, for workers with a thread; only while a connection has the topic and a thread lives. */
  | { type: 'beats'; at: number; data: Record<string, Beat> }
  /** By rising id; `after` is the id before the first of them, so that a client knows what it missed. */
  | { type: 'events'; data: StatusEvent[]; after: number }
  /** Where the feed of events is: the next `events` begin after the id `event`. Sent with the topic `events`, beside each `state`. */
  | { type: 'position'; event: number }
  | { type: 'logs'; data: LogRecord[] }
  /** To be answered with `pong`. */
  | { type: 'ping'; at: number }
  | { type: 'pong' }
  | { type: 'error'; error: string; message: string }

export type ClientMessage =
  | { type: 'ping' }
  | { type: 'pong' }
  /** Replaces the topics; answered with `state`. */
  | { type: 'subscribe'; topics: Topic[] }
  | { type: 'request_full_state' }

/** Close codes beyond those of RFC 6455. */
export const closeCodes = {
  /** Read too slowly; connect again. */
  slow: 4008,
  /** Did not answer pings. */
  silent: 4009,
  /** The session ended, or the token is no longer valid. */
  unauthorized: 4401,
} as const
