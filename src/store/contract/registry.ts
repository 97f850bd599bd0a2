import type { Fence, Time } from './basics.js'
import type { HoldingHost } from './hosts.js'

/** A lane: one annotator's work on one domain over one dataset. Unique by those three. */
export interface LaneSpec {
  dataset: string
  annotator: string
  domain: string
  /** How many results the lane wants; `null`: one for each item of the dataset. */
  target: number | null
}

/** A worker as declared by the configuration. `lane` is null for a worker without tasks. */
export interface WorkerSpec {
  worker: string
  lane: LaneSpec | null
}

/** Where a lane stands. `total` is items of the dataset, or target if that is less. */
export interface LaneCounts {
  worker: string
  total: number
  done: number
  dead: number
  /** Handed out and not yet settled. */
  leased: number
  /** Waiting for another attempt. */
  retrying: number
  /** Nothing is left to do: the target is reached or every item is settled, nothing is leased, nothing waits for another attempt. */
  complete: boolean
}

/** What the store remembers of a worker between runs. `memory` is the supervisor's own record (counters, deadline, last failure). */
export interface WorkerRow {
  worker: string
  /** Of whoever had it last: as long as it is the same, nobody else has had it since. */
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

/** A worker's new state, stored together with the event that tells of it. */
export interface Transition {
  worker: string
  state: string
  memory: Record<string, unknown> | null
  /** The last one under which this host knows the worker: what it says is passed over if another host has had the worker since. */
  fence?: Fence
}

/** Narrows results and dead tasks; all that are given must match. */
export interface LaneFilter {
  dataset?: string
  annotator?: string
  domain?: string
  worker?: string
}
