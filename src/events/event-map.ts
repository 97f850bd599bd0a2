import type { ErrorKind, ErrorRecord } from '../errors.js'
import type { Failure } from '../failure.js'
import type { WorkerState } from '../machines/lifecycle/states.js'
import type { SupervisorState } from '../machines/supervision/rules.js'
import type { LaneCounts } from '../store/contract/registry.js'

/** Every event and its payload. Times are ms since the epoch. */
export interface DroverEvents {
  /** A worker's lifecycle moved; one for every transition, also the passing ones (`crashed`). Stored. */
  'worker:state:changed': { worker: string; from: WorkerState; to: WorkerState; reason: string; at: number }
  /** A worker failed; comes after its `crashed`, once the store has told which tasks it had in hand. Stored. */
  'worker:failure:recorded': { worker: string; failure: Failure }
  /** Another host holds a worker that was started here, or no longer does (null). Whether it waits is for the option `onHeld`. Stored. */
  'worker:holder:changed': { worker: string; holder: { pid: number; hostname: string; since: number } | null; at: number }
  /** A restart was decided; it comes after `delayMs`. */
  'worker:restart:scheduled': { worker: string; delayMs: number; restarts: number; at: number }
  /** A rule of a restart policy threw, or answered with no verdict; it was passed over. */
  'policy:rule:failed': { worker: string; error: ErrorRecord; at: number }
  /** A supervisor began or ceased to restart children together, or went down. Stored. */
  'supervisor:state:changed': { supervisor: string; from: SupervisorState; to: SupervisorState; reason: string; at: number }
  /** A worker or a supervisor was added while the system ran. Stored. */
  'tree:node:added': { id: string; at: number }
  /** Its options were changed. Stored. */
  'tree:node:updated': { id: string; at: number }
  /** It was removed, with all that was below. Stored. */
  'tree:node:removed': { id: string; at: number }
  /** A failure of a worker, or of a supervisor, reached the root; `answer` is the option `onEscalation`. Stored. */
  'system:failure:escalated': { worker: string | null; supervisor: string | null; reason: string; answer: 'stop' | 'keep'; at: number }
  /** A task was quarantined because its worker died over it too often. Stored. */
  'task:poison:quarantined': { worker: string; key: string; at: number }
  /** A lane stops beginning tasks, because attempts fail and fail; `until` null: until it is resumed. `openings`: how often in a row. Stored. */
  'lane:breaker:opened': { worker: string; error: ErrorKind; attempts: number; openings: number; until: number | null; at: number }
  /** A task succeeded that was tried; the lane goes on in full. Stored. */
  'lane:breaker:closed': { worker: string; at: number }
  /**
   * A quota is spent, and a worker of it goes without a thread until then (`parked`), or pauses: `until` null, its budget is spent. Told once
   * for a quota's window and end. Stored.
   */
  'quota:window:spent': { quota: string; window: string; until: number | null; at: number }
  /** The provider does not accept the key of a quota any more; nothing is granted from it until `revive`. Stored. */
  'quota:key:retired': { quota: string; reason: string; at: number }
  /** Limits were changed while the system runs, a block was lifted, or a retired key was revived. Stored. */
  'quota:limits:changed': { quota: string; at: number }
  /** Lanes moved on; at most ten times a second, all that changed since the last one. */
  'lane:counts:changed': { lanes: LaneCounts[]; at: number }
  /** Items are loaded into a dataset that no worker has; `meant`: the name of one that is like it. Told once for each. */
  'dataset:worker:missing': { dataset: string; meant: string | null; at: number }
  /** `load` finished. Stored. */
  'dataset:load:finished': { dataset: string; added: number; known: number; updated: number; at: number }
  /** Workers and leases of hosts that are gone were taken back. Stored. */
  'host:work:recovered': { workers: string[]; leases: number; at: number }
  /** The store thread died and was replaced; requests in flight were repeated. Stored. */
  'store:thread:restarted': { message: string; at: number }
  /** The store is gone for good; the system stops its workers. */
  'store:thread:failed': { message: string; at: number }
  /**
   * Somebody did something by the status server, or tried to. `who` is `token`, `session ab12cd`, `local`, `application`; `from` an address;
   * `params` what was asked, secrets struck out; `status` the HTTP status it was answered with. Stored.
   */
  'http:control:done': {
    action: string
    who: string
    from: string
    params: Record<string, unknown>
    /** `refused`: by the server (4xx); `failed`: drover could not do it (5xx). */
    outcome: 'ok' | 'refused' | 'failed'
    status: number
    at: number
  }
  /** The system opened, is closing, closed, or failed. */
  'system:state:changed': { from: SystemState; to: SystemState; at: number }
}

/** A system opens, closes, and is closed; `failed`: its store is gone, and only `close` is left to do. */
export type SystemState = 'open' | 'closing' | 'closed' | 'failed'
/** The name of an event: `subject:verb:outcome`. {@link DroverEvents} has them all. */
export type EventName = keyof DroverEvents

/** Called with the payload of an event. What it throws harms nobody; that it does is logged. */
export type Listener<Name extends EventName> = (payload: DroverEvents[Name]) => void
