import type { ErrorKind, ErrorRecord } from '../errors.js'
import type { Failure } from '../failure.js'
import type { WorkerState } from '../machines/lifecycle/states.js'
import type { SupervisorState } from '../machines/supervision/supervisor-state.js'
import type { PoolState } from '../pool-state.js'
import type { LaneCounts } from '../store/contract/registry.js'

/** Every event and its payload. Times are ms since the epoch. */
export interface DroverEvents {
  /** A worker changed its state; one event for every transition, including short-lived states (`crashed`). Stored. */
  'worker:state:changed': { worker: string; from: WorkerState; to: WorkerState; reason: string; at: number }
  /** A worker failed; follows its `crashed`, once the store has named the tasks in hand. Stored. */
  'worker:failure:recorded': { worker: string; failure: Failure }
  /**
   * Another host holds a worker that was started here, or no longer does (null). The option `onHeld` decides whether the worker
   * waits. Stored.
   */
  'worker:holder:changed': { worker: string; holder: { pid: number; hostname: string; since: number } | null; at: number }
  /** A restart was decided; it follows after `delayMs`. */
  'worker:restart:scheduled': { worker: string; delayMs: number; restarts: number; at: number }
  /** A rule of a restart policy threw or returned an invalid verdict; it was skipped. */
  'policy:rule:failed': { worker: string; error: ErrorRecord; at: number }
  /** A pool changed its state. Stored. */
  'pool:state:changed': { pool: string; from: PoolState; to: PoolState; reason: string; at: number }
  /** A thread of a pool failed: while it started or was idle, or under a task, which is rejected. Stored. */
  'pool:failure:recorded': { pool: string; failure: Failure }
  /** A supervisor began or ceased to restart children together, or went down. Stored. */
  'supervisor:state:changed': { supervisor: string; from: SupervisorState; to: SupervisorState; reason: string; at: number }
  /** A worker or a supervisor was added while the system ran. Stored. */
  'tree:node:added': { id: string; at: number }
  /** The options of a worker or a supervisor were changed. Stored. */
  'tree:node:updated': { id: string; at: number }
  /** A worker was removed, or a supervisor with all nodes below it. Stored. */
  'tree:node:removed': { id: string; at: number }
  /** A failure of a worker, or of a supervisor, reached the root; `answer` is the option `onEscalation`. Stored. */
  'system:failure:escalated': { worker: string | null; supervisor: string | null; reason: string; answer: 'stop' | 'keep'; at: number }
  /** A task was quarantined because its worker died too often with it in hand. Stored. */
  'task:poison:quarantined': { worker: string; key: string; at: number }
  /**
   * A lane starts no tasks, because attempts keep failing; `until` null: until it is resumed. `openings`: how often it opened in
   * a row. Stored.
   */
  'lane:breaker:opened': { worker: string; error: ErrorKind; attempts: number; openings: number; until: number | null; at: number }
  /** A trial task succeeded; the lane continues at full speed. Stored. */
  'lane:breaker:closed': { worker: string; at: number }
  /**
   * A quota is spent. Its workers are parked until `until`, or paused if that is null (a budget is spent). Emitted once for each
   * window and `until`. Stored.
   */
  'quota:window:spent': { quota: string; window: string; until: number | null; at: number }
  /** The provider no longer accepts the key of a quota; the quota grants nothing until `revive`. Stored. */
  'quota:key:retired': { quota: string; reason: string; at: number }
  /** Limits were changed while the system runs, a block was lifted, or a retired key was revived. Stored. */
  'quota:limits:changed': { quota: string; at: number }
  /**
   * Messages are dead; `from` null: of the main program. `why`: `gone` (the worker is down for good, or its thread ended first),
   * `dropped` and `full` (its mailbox, by its option `whenFull`), `late` (a reply for which nobody waited any more), `undeliverable` (no
   * such worker or handler, or a body that cannot be copied). `count`: how many that are alike. At most ten events a second; what
   * comes beyond that is counted in later ones.
   */
  'message:dead': {
    from: string | null
    to: string
    message: string
    why: 'gone' | 'dropped' | 'full' | 'late' | 'undeliverable'
    count: number
    at: number
  }
  /** The counts of lanes changed; at most ten times a second, with all lanes that changed since the last event. */
  'lane:counts:changed': { lanes: LaneCounts[]; at: number }
  /**
   * Items are loaded into a dataset that no worker uses; `meant`: the most similar name that a worker uses. Emitted once for each
   * dataset.
   */
  'dataset:worker:missing': { dataset: string; meant: string | null; at: number }
  /** `load` finished. Stored. */
  'dataset:load:finished': { dataset: string; added: number; known: number; updated: number; at: number }
  /** Workers and leases of dead hosts were taken over. Stored. */
  'host:work:recovered': { workers: string[]; leases: number; at: number }
  /** The store thread died and was replaced; requests in flight were repeated. Stored. */
  'store:thread:restarted': { message: string; at: number }
  /** The store is gone for good; the system stops its workers. */
  'store:thread:failed': { message: string; at: number }
  /**
   * A change through the status server was made or attempted. `who` is `token`, `session ab12cd`, `local`, `application`, or `user Ada` if
   * the application names its users;
   * `from` is an address; `params` is the request without secrets; `status` is the HTTP status of the answer. Stored.
   */
  'http:control:done': {
    action: string
    who: string
    from: string
    params: Record<string, unknown>
    /** `refused`: the server refused it (4xx); `failed`: drover could not do it (5xx). */
    outcome: 'ok' | 'refused' | 'failed'
    status: number
    at: number
  }
  /** The system opened, is closing, closed, or failed. */
  'system:state:changed': { from: SystemState; to: SystemState; at: number }
}

/** The states of a system. `failed`: its store is gone, and only `close` is possible. */
export type SystemState = 'open' | 'closing' | 'closed' | 'failed'
/** The name of an event: `subject:verb:outcome`. {@link DroverEvents} has them all. */
export type EventName = keyof DroverEvents

/** Called with the payload of an event. If it throws, the error is logged and has no other effect. */
export type Listener<Name extends EventName> = (payload: DroverEvents[Name]) => void
