import type { Fence, Time } from './basics.js'
import type { HoldingHost } from './hosts.js'

/** A lane: one annotator's work on one domain over one dataset. Unique by those three. */
export interface LaneSpec {
  dataset: string
  annotator: string
  domain: string
  /** Number of results that the lane should have; `null`: one for each item of the dataset. */
  target: number | null
}

/** A worker as declared by the configuration. `lane` is null for a worker without tasks. */
export interface WorkerSpec {
  worker: string
  lane: LaneSpec | null
}

/** The counts of a lane. `total` is the number of items of the dataset, or the target if that is less. */
export interface LaneCounts {
  worker: string
  total: number
  done: number
  dead: number
  /** Tasks handed out and not settled. */
  leased: number
  /** Tasks waiting for another attempt. */
  retrying: number
  /** No work is left: the target is reached or every item is settled, and no task is leased or waits for another attempt. */
  complete: boolean
}

/** The stored state of a worker. `memory` is the lifecycle's own record (counters, deadline, last failure). */
export interface WorkerRow {
  worker: string
  /** The fence of its last holder: while it is unchanged, no other holder has had the worker since. */
  fence: Fence
  state: string
  memory: Record<string, unknown> | null
  holder: HoldingHost | null
  lane: LaneCounts | null
}

/** One row for the event log. */
export interface EventRow {
  /** Rising within a host; a repeat of the same (host, seq) is ignored. */
  seq: number
  at: Time
  type: string
  worker: string | null
  payload: unknown
}

/** A worker's new state, stored together with its event. */
export interface Transition {
  worker: string
  state: string
  memory: Record<string, unknown> | null
  /** The last fence known to this host: the transition is ignored if another host has had the worker since. */
  fence?: Fence
}

/** A filter of lanes; all given parts must match. */
export interface LaneFilter {
  dataset?: string
  annotator?: string
  domain?: string
  worker?: string
}
