/** Single tasks in a pipeline's hands: looked at, made due, given up, given another priority. */

import type { EngineClient } from '../store/contract/engine.js'
import type { DeadKind, Moved, StoredTaskDetail, TaskRecord, TaskState } from '../store/contract/single-tasks.js'
import type { Reader } from '../store/read-pool/reader.js'
import { argumentError, checkId, checkKeys, checkName, checkOneOf, wholeNumber } from '../validation/arguments.js'
import { type ReadOptions, signalOf } from '../validation/read-options.js'
import { checkLanes, type LaneQuery } from './lane-query.js'

/** Narrows {@link Tasks.list}; all that are given must match. */
export interface TaskQuery extends LaneQuery, ReadOptions {
  state?: TaskState
  /** Keys that contain this text. */
  search?: string
  /** Dead tasks of this kind. */
  kind?: DeadKind
  /** At most so many, 1 to 1000. @defaultValue 50 */
  limit?: number
  /** Where the previous page ended (`next`). @defaultValue null, from the start */
  after?: string | null
}

/** An item with everything that is known of it, over all lanes of its dataset. */
export type TaskDetail = Omit<StoredTaskDetail, 'data' | 'tasks'> & {
  data: unknown
  /** `result`: the committed value of a `done` task; else null. */
  tasks: (TaskRecord & { result: unknown })[]
}

/** States of a task from which {@link Tasks.drop} gives it up. */
export type DroppableState = 'waiting' | 'retrying' | 'dead'

interface TasksMeans {
  client: EngineClient
  reader: Reader
  redact: (text: string) => string
  /** Their lanes were changed. */
  changed: (workers: string[]) => Promise<void>
}

const states: readonly TaskState[] = ['waiting', 'leased', 'retrying', 'done', 'dead']
const kinds: readonly DeadKind[] = ['failed', 'poison', 'dropped']
/** The waiting last: none of them comes about by dropping the others. */
const droppable: readonly DroppableState[] = ['dead', 'retrying', 'waiting']
/** The store gives up so many tasks at once, so that no worker waits long for it. */
const dropsAtOnce = 2_000
const keysAtOnce = 500

/** Single tasks of a system. Had as `drover.tasks`. */
export class Tasks {
  readonly #means: TasksMeans

  /** @internal Use `drover.tasks`. */
  constructor(means: TasksMeans) {
    this.#means = means
  }

  /**
   * Tasks that match, a page at a time, lane by lane: waiting ones in the order of being handed out, those of another state in order of
   * loading, those of every state by key. A page may come short before the end, with `search` or `kind` also empty: `next` says whether
   * there is more.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED; the reason of `signal`
   * @example
   * const { items, next } = await drover.tasks.list({ domain: 'urgency', state: 'retrying' })
   * const more = next === null ? null : await drover.tasks.list({ domain: 'urgency', state: 'retrying', after: next })
   */
  async list(query: TaskQuery = {}): Promise<{ items: TaskRecord[]; next: string | null }> {
    const filter = checkLanes('the query', query, ['state', 'search', 'kind', 'limit', 'after', 'signal'])
    const { state, search, kind, limit = 50, after = null } = query
    if (state !== undefined) checkOneOf('state', states, state)
    if (kind !== undefined) checkOneOf('kind', kinds, kind)
    if (search !== undefined && typeof search !== 'string') throw argumentError('search', 'a text', search)
    if (after !== null && typeof after !== 'string') throw argumentError('after', 'the next of an earlier page, or null', after)
    wholeNumber('limit', limit, 1, 1_000)
    const narrowed = { ...(state && { state }), ...(search && { search }), ...(kind && { kind }) }
    const { rows, next } = await this.#means.reader.read('tasks', { filter, limit, after, ...narrowed }, signalOf(query))
    return { items: rows, next }
  }

  /**
   * One item; null if the dataset has none with this key.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED
   */
  async get(dataset: string, key: string | number): Promise<TaskDetail | null> {
    const { detail } = await this.#means.reader.read('task', { dataset: checkName('dataset', dataset), key: checkId('key', key) })
    if (!detail) return null
    const { data, tasks, ...rest } = detail
    return {
      ...rest,
      data: JSON.parse(data) as unknown,
      tasks: tasks.map(({ result, ...task }) => ({ ...task, result: result === null ? null : (JSON.parse(result) as unknown) })),
    }
  }

  /**
   * Retrying tasks are due at once. Answers how many were not yet.
   *
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   */
  async retry(filter: LaneQuery & { keys?: (string | number)[] } = {}): Promise<number> {
    const { client } = this.#means
    const lanes = checkLanes('the filter', filter, ['keys'])
    return this.#move(filter.keys, (keys) => client.call('promote', { filter: lanes, keys }))
  }

  /**
   * Gives up waiting, retrying and dead tasks for good; they are dead then, kind `dropped`, until they are redriven. Leased and done ones
   * stay as they are, and so do those that were dropped before. Answers how many.
   *
   * @param filter.states @defaultValue all three
   * @param why kept as the error's message
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   * @example
   * await drover.tasks.drop({ dataset: 'messages', keys: ['m-17'] }, 'not a message')
   */
  async drop(filter: LaneQuery & { keys?: (string | number)[]; states?: DroppableState[] }, why: string): Promise<number> {
    const { client, redact } = this.#means
    const lanes = checkLanes('the filter', filter, ['keys', 'states'])
    const { keys, states: wanted = droppable } = filter
    if (!Array.isArray(wanted) || wanted.some((state) => !droppable.includes(state))) {
      throw argumentError('states', `a list of ${droppable.join(', ')}`, wanted)
    }
    if (typeof why !== 'string' || why === '') throw argumentError('why', 'the reason, a text', why)
    const error = { name: 'Dropped', message: redact(why) }
    let dropped = 0
    for (const state of droppable.filter((one) => wanted.includes(one))) {
      dropped += await this.#move(keys, (some) => client.call('drop', { filter: lanes, keys: some, state, error, limit: dropsAtOnce }))
    }
    return dropped
  }

  /**
   * Tasks not yet begun or retrying go by another priority, before those that have it by themselves. With the dataset alone, and no
   * lanes, it becomes the items' own, also for lanes that are declared later; in some lanes it holds until the task is begun.
   *
   * @param priority a whole number; higher goes first
   * @returns how many tasks were moved, one for each item and lane
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   * @example
   * await drover.tasks.prioritise({ dataset: 'messages', keys: ['m-17'] }, 10)
   */
  async prioritise(filter: LaneQuery & { dataset: string; keys: (string | number)[] }, priority: number): Promise<number> {
    const { client } = this.#means
    const lanes = checkLanes('the filter', filter, ['keys'])
    const dataset = checkName('dataset', filter.dataset)
    checkKeys(filter.keys)
    wholeNumber('priority', priority, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    return this.#move(filter.keys, (keys) => client.call('prioritise', { filter: { ...lanes, dataset }, keys: keys ?? [], priority }))
  }

  /** Moves tasks some at a time, and tells their workers also when it is cut short. */
  async #move(
    chosen: readonly (string | number)[] | undefined,
    move: (keys: string[] | null) => Promise<Moved & { more?: boolean }>,
  ): Promise<number> {
    const keys = chosen === undefined ? null : checkKeys(chosen)
    const workers = new Set<string>()
    let count = 0
    try {
      for (const some of keys ? chunks(keys) : [null]) {
        for (let more = true; more; ) {
          const moved = await move(some)
          count += moved.count
          for (const worker of moved.workers) workers.add(worker)
          more = moved.more ?? false
        }
      }
    } finally {
      if (workers.size > 0) await this.#means.changed([...workers])
    }
    return count
  }
}

function chunks(keys: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(keys.length / keysAtOnce) }, (_, index) => keys.slice(index * keysAtOnce, (index + 1) * keysAtOnce))
}
