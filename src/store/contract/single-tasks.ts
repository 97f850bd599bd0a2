/** What can be seen of single tasks: where each one stands in its lane, and what became of its attempts. */
import type { ErrorRecord } from '../../errors.js'
import type { LaneFilter } from './registry.js'

/**
 * Where a task is. `waiting`: never begun. `leased`: handed out. `retrying`: begun, or given back, and waits to be handed out again.
 * `done`: it has its result. `dead`: given up.
 */
export type TaskState = 'waiting' | 'leased' | 'retrying' | 'done' | 'dead'

/** Why a task is dead. `failed`: attempts used up or not to be retried; `poison`: its worker died over it too often; `dropped`: by hand. */
export type DeadKind = 'failed' | 'poison' | 'dropped'

/** One task as the store has it: an item in a lane, where it stands there, and how often it was tried. A worker is given a `Task` of `drover/worker`. */
export interface TaskRecord {
  key: string
  dataset: string
  annotator: string
  domain: string
  /** The worker declared with the lane; null if none is any more. */
  worker: string | null
  state: TaskState
  /** Higher goes first. */
  priority: number
  /** Attempts begun so far. */
  attempts: number
  /** Of them those that failed or crashed the worker, since the last redrive. Of a `done` or `dead` task at most 20 are known. */
  failures: number
  /** `dead` only. */
  kind: DeadKind | null
  /** The last error of a dead or retrying task. */
  error: ErrorRecord | null
  /** `retrying`: when it is due, null: at once; `done`: when it was committed; `dead`: when it was given up; else null. Ms since the epoch. */
  at: number | null
}

/** @deprecated Use {@link TaskRecord}: `Task` is what a worker is given to do, in `drover/worker`. */
export type Task = TaskRecord

/** One attempt at a task that is over, or its being dropped. */
export interface TaskAttempt {
  annotator: string
  domain: string
  /** Its ordinal, from 1; where a task was dropped, how many there had been. */
  attempt: number
  /** Who made it; where a task was dropped, the worker of its lane. Empty if there was none. */
  worker: string
  outcome: 'failed' | 'crashed' | 'poison' | 'dropped' | 'done'
  /** null: `done`. */
  error: ErrorRecord | null
  /** Ms since the epoch. */
  at: number
}

/** An item as an engine tells of it: data and results are JSON text. */
export interface StoredTaskDetail {
  key: string
  dataset: string
  priority: number
  data: string
  tasks: (TaskRecord & { result: string | null })[]
  /** Oldest first; of each lane the latest 20, and the one that made the result. */
  attempts: TaskAttempt[]
}

/** A dataset, and its lanes' counts added up. */
export interface DatasetCounts {
  name: string
  items: number
  lanes: number
  done: number
  dead: number
  leased: number
  retrying: number
  /** Tasks: items, or the target if that is less, of every lane. */
  total: number
}

/** Tasks that were moved by hand, and the workers of their lanes. */
export interface Moved {
  count: number
  workers: string[]
}

export interface TaskFilter {
  filter: LaneFilter
  state?: TaskState
  /** Text within the key. */
  search?: string
  /** Dead tasks of this kind. */
  kind?: DeadKind
}
