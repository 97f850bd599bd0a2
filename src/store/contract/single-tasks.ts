/** Reads of single tasks: the state of each in its lane, and its attempts. */
import type { ErrorRecord } from '../../errors.js'
import type { LaneFilter } from './registry.js'

/**
 * The state of a task. `waiting`: never begun. `leased`: handed out. `retrying`: begun, or given back, and waits to be handed out
 * again. `done`: it has its result. `dead`: given up.
 */
export type TaskState = 'waiting' | 'leased' | 'retrying' | 'done' | 'dead'

/**
 * Why a task is dead. `failed`: no attempts left, or no retry wanted; `poison`: its worker died too often with it in hand;
 * `dropped`: by hand.
 */
export type DeadKind = 'failed' | 'poison' | 'dropped'

/** One task in the store: an item in a lane, with its state and its attempts. A worker is given a `Task` of `drover/worker`. */
export interface TaskRecord {
  key: string
  dataset: string
  annotator: string
  domain: string
  /** The worker declared with the lane; null if there is none any more. */
  worker: string | null
  state: TaskState
  /** Higher goes first. */
  priority: number
  /** Attempts begun so far. */
  attempts: number
  /** Attempts that failed or crashed the worker, since the last redrive. For a `done` or `dead` task at most 20 are known. */
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
  /** The number of the attempt, from 1; for a dropped task, the number of attempts so far. */
  attempt: number
  /** Its worker; for a dropped task, the worker of the lane. Empty if there was none. */
  worker: string
  outcome: 'failed' | 'crashed' | 'poison' | 'dropped' | 'done'
  /** null: `done`; of a result that was set aside, an error `ResultSetAside` with the value in its details. */
  error: ErrorRecord | null
  /** Ms since the epoch. */
  at: number
}

/** A result that was set aside, because its task was to be done again. */
export interface PastResult<Value = unknown> {
  annotator: string
  domain: string
  value: Value
  /** Number of the attempt that made it, from 1. */
  attempt: number
  worker: string
  /** Ms since the epoch. */
  committedAt: number
  /** Ms since the epoch. */
  setAsideAt: number
}

/** As it is stored: its value is JSON text. */
export type StoredPastResult = PastResult<string>

/** An item in the engine's form: data and results are JSON text. */
export interface StoredTaskDetail {
  key: string
  dataset: string
  priority: number
  data: string
  /** `pastResults`: how many were set aside. */
  tasks: (TaskRecord & { result: string | null; pastResults: number })[]
  /** Oldest first; for each lane the latest 20 that made no result, the latest 20 whose result was set aside, and the one that made the result. */
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

/** Which tasks; all given parts must match. */
export interface TaskFilter {
  filter: LaneFilter
  state?: TaskState
  /** Text within the key. */
  search?: string
  /** How the key begins. */
  prefix?: string
  /** The key is one of these. */
  keys?: string[]
  /** Dead tasks of this kind. */
  kind?: DeadKind
  /** Dead tasks whose error is in one of these groups, by id. */
  errors?: string[]
  /** Dead tasks whose error is in a group with this code. */
  code?: string
}

/** Where a task is. */
export type TaskName = Pick<TaskRecord, 'key' | 'dataset' | 'annotator' | 'domain'>

/** How many tasks are in each state. */
export interface TaskCounts extends Record<TaskState, number> {
  /** Of the dead ones: how many were dropped by hand. */
  dropped: number
}
