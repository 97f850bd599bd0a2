/**
 * What goes over `/api/ws?protocol=2`, in both directions. The server begins with `hello`, then `state` (unless the connection resumes),
 * then one `patch` for each change. `seq` rises by one with each patch; `<epoch>.<seq>` of the last one seen is what `since` takes.
 */
import type { LogRecord, StatusEvent } from './log.js'
import type { Quota } from './quota.js'
import type { TreeNode } from './tree.js'
import type { Beat, Overview, Worker } from './worker.js'

/** What a connection may be told of. `workers`, `overview` and `tree` unless it says otherwise (`topics=a,b`, or a `subscribe` message). */
export const topics = ['overview', 'workers', 'tree', 'quotas', 'beats', 'events', 'logs'] as const
/** What a client can be told of: parts of the state, and what happens. */
export type Topic = (typeof topics)[number]

/** Topics that are kept in step, in the order of the wire. The others are told as they happen. */
export const stateTopics = ['overview', 'workers', 'tree', 'quotas'] as const satisfies (keyof LiveState & Topic)[]

/** What is kept in step: each topic's part is there if the connection has that topic. */
export interface LiveState {
  overview?: Overview
  /** By id, in the order of the configuration. */
  workers?: Record<string, Worker>
  tree?: TreeNode[]
  /** By name. */
  quotas?: Record<string, Quota>
}

/** What changed: fields of the overview; by id, the fields of a worker or quota that changed (all, if it is new), null if it is gone. The tree comes whole. */
export interface LivePatch {
  overview?: Partial<Overview>
  workers?: Record<string, Partial<Worker> | null>
  tree?: TreeNode[]
  quotas?: Record<string, Partial<Quota> | null>
}

export type ServerMessage =
  | { type: 'hello'; protocol: 2; epoch: string; seq: number; resumed: boolean; role: 'read' | 'control'; pingMs: number }
  | { type: 'state'; seq: number; at: number; data: LiveState }
  | { type: 'patch'; seq: number; at: number; data: LivePatch }
  /** By worker id, those with a thread; only while somebody has the topic and a thread lives. */
  | { type: 'beats'; at: number; data: Record<string, Beat> }
  | { type: 'events'; data: StatusEvent[] }
  | { type: 'logs'; data: LogRecord[] }
  /** To be answered with `pong`. */
  | { type: 'ping'; at: number }
  | { type: 'pong' }
  | { type: 'error'; error: string; message: string }

export type ClientMessage =
  | { type: 'ping' }
  | { type: 'pong' }
  /** From now on these topics and no others; answered with `state`. */
  | { type: 'subscribe'; topics: Topic[] }
  | { type: 'request_full_state' }

/** Close codes beyond those of RFC 6455. */
export const closeCodes = {
  /** Read too slowly; connect again. */
  slow: 4008,
  /** Did not answer pings. */
  silent: 4009,
  /** The session ended, or the token is not good any more. */
  unauthorized: 4401,
} as const
