/** Reads and moves single tasks. */
import { randomUUID } from 'node:crypto'
import { DroverError } from '../errors.js'
import type { EndedRequest, EngineClient, EngineReply, EngineRequest } from '../store/contract/engine.js'
import type { EndedRow } from '../store/contract/reads.js'
import type { LaneFilter } from '../store/contract/registry.js'
import type { PastResult, StoredTaskDetail, TaskCounts, TaskRecord, TaskState } from '../store/contract/single-tasks.js'
import { argumentError, checkId, checkKeys, checkName, checkOneOf, wholeNumber } from '../validation/arguments.js'
import { checkFilter } from '../validation/filters.js'
import { type ReadOptions, signalOf } from '../validation/read-options.js'
import type { LaneQuery } from './lane-query.js'
import { type MoveMeans, TaskMoves } from './move-tasks.js'
import { pages } from './pages.js'
import { asksForDead, checkMatch, checkMoved, laneParts, type TaskMatch } from './task-match.js'

/** The query of {@link Tasks.list}; all given parts must match. */
export interface TaskQuery extends TaskMatch, ReadOptions {
  /** With `kind`, `error` or `code` it can only be `dead`. @defaultValue every state */
  state?: TaskState
  /** Length of a page, 1 to 1000. @defaultValue 50 */
  limit?: number
  /** The `next` of the previous page. @defaultValue null, the start */
  after?: string | null
}

/** An item with its task in every lane of its dataset. */
export type TaskDetail = Omit<StoredTaskDetail, 'data' | 'tasks'> & {
  data: unknown
  /** `result`: the committed value of a `done` task; else null. `pastResults`: how many results a redo has set aside. */
  tasks: (TaskRecord & { result: unknown; pastResults: number })[]
}

/** The query of {@link Tasks.pastResults}. */
export interface PastResultQuery {
  dataset: string
  key: string | number
  /** @defaultValue every annotator */
  annotator?: string | number
  /** @defaultValue every domain */
  domain?: string
  /** Length of a page, 1 to 1000. @defaultValue 50 */
  limit?: number
  /** The `next` of the previous page. @defaultValue null, the start */
  after?: string | null
}

/** States of tasks that {@link Tasks.drop} can give up. */
export type DroppableState = 'waiting' | 'retrying' | 'dead'

interface TasksMeans extends MoveMeans {
  client: EngineClient
  redact: (text: string) => string
}

const states: readonly TaskState[] = ['waiting', 'leased', 'retrying', 'done', 'dead']
/** In this order, because dropping tasks of one state makes none of a later one. */
const droppable: readonly DroppableState[] = ['dead', 'retrying', 'waiting']
/** Tasks dropped in one call of the store, so that no worker waits long. */
const dropsAtOnce = 2_000

/** Single tasks of a system: `drover.tasks`. */
export class Tasks {
  readonly #means: TasksMeans
  readonly #moves: TaskMoves

  /** @internal Use `drover.tasks`. */
  constructor(means: TasksMeans) {
    this.#means = means
    this.#moves = new TaskMoves(means)
  }

  /**
   * A page of the tasks that match, lane by lane. Waiting tasks are in the order in which they will be handed out; tasks of
   * another state in order of loading; without `state`, tasks are sorted by key. With `search`, `prefix` or `keys` they come key by
   * key, each in all its lanes. A page before the last may be short, and with `search` or `kind` even empty: only `next` shows
   * whether there are more.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED; the reason of `signal`
   * @example
   * const { items, next } = await drover.tasks.list({ domain: 'urgency', state: 'retrying' })
   * const more = next === null ? null : await drover.tasks.list({ domain: 'urgency', state: 'retrying', after: next })
   */
  async list(query: TaskQuery = {}): Promise<{ items: TaskRecord[]; next: string | null }> {
    const match = checkMatch('the query', query, ['state', 'limit', 'after', 'signal'])
    const { state, limit = 50, after = null } = query
    if (state !== undefined) checkOneOf('state', states, state)
    if (after !== null && typeof after !== 'string') throw argumentError('after', 'null, or next of an earlier page', after)
    wholeNumber('limit', limit, 1, 1_000)
    const { rows, next } = await this.#means.reader.read('tasks', { ...match, limit, after, ...(state && { state }) }, signalOf(query))
    return { items: rows, next }
  }

  /**
   * One item with its task in every lane of its dataset; null if the dataset has no item with this key. `attempts` has, oldest first, for
   * each lane the latest 20 without a result, the latest 20 whose result was set aside, and the one that made the result.
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
   * How many of the tasks that match are in each state, exactly. `dead` includes `dropped`. With `kind`, `error` or `code` only dead
   * tasks are counted. Quick for lanes; a search that finds most of the keys of a large dataset takes seconds.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED; the reason of `signal`
   * @example
   * const { dead } = await drover.tasks.count({ dataset: 'messages', code: 'RATE_LIMITED' })
   */
  async count(query: TaskMatch & ReadOptions = {}): Promise<TaskCounts> {
    const match = checkMatch('the query', query, ['signal'])
    const sum: TaskCounts = { waiting: 0, leased: 0, retrying: 0, done: 0, dead: 0, dropped: 0 }
    for (let after: string | null | undefined = null; after !== undefined; ) {
      const { counts, next }: EngineReply<'taskCounts'> = await this.#means.reader.read('taskCounts', { ...match, after }, signalOf(query))
      for (const state of [...states, 'dropped'] as const) sum[state] += counts[state]
      after = next ?? undefined
    }
    return sum
  }

  /**
   * Brings dead tasks back: they are `retrying` and due at once, and their attempts count from 0. Without a filter: those of all lanes.
   * The same as `drover.redrive`.
   * @returns how many tasks
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED
   * @example
   * await drover.tasks.redrive({ dataset: 'messages', code: 'RATE_LIMITED' })
   */
  async redrive(filter: TaskMatch = {}): Promise<number> {
    const { client } = this.#means
    return this.#moves.move('dead', checkMoved(filter), async (lanes, keys) => {
      const { redriven, workers } = await client.call('redrive', { filter: lanes, keys })
      return { count: redriven, workers }
    })
  }

  /**
   * Makes retrying tasks due at once. Without a filter: those of all lanes.
   * @returns the number of tasks that were not yet due
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED
   */
  async retry(filter: Omit<TaskMatch, 'kind' | 'error' | 'code'> = {}): Promise<number> {
    const { client } = this.#means
    return this.#moves.move('retrying', checkMoved(filter, [], laneParts), (lanes, keys) => client.call('promote', { filter: lanes, keys }))
  }

  /**
   * Has done tasks done again, for another result: they are `retrying` and due at once, and their attempts count from 0. The old results
   * are kept, see {@link pastResults}; counts, labels and exports no longer have them.
   *
   * @param filter required, and not empty
   * @returns how many tasks
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED
   * @example
   * await drover.tasks.redo({ dataset: 'messages', annotator: 1, domain: 'urgency', keys: ['m-17'] })
   */
  async redo(filter: Omit<TaskMatch, 'kind' | 'error' | 'code'>): Promise<number> {
    const { client } = this.#means
    const match = checkMoved(filter, [], laneParts)
    if (Object.keys(filter).length === 0) {
      throw new DroverError('ARGUMENT_INVALID', 'redo needs a filter: to do all tasks of a dataset again, name the dataset')
    }
    const call = randomUUID()
    const redo = (lanes: LaneFilter, keys: string[] | null) => client.call('redo', { filter: lanes, keys: keys ?? [], call })
    return match.keys === undefined ? this.#moves.found('done', match, redo) : this.#moves.move('done', match, redo)
  }

  /**
   * A page of the results of one task that were set aside by {@link redo}, lane by lane, the latest first. The current result is in
   * {@link get}. An item that does not exist has none.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED
   * @example
   * const { items } = await drover.tasks.pastResults({ dataset: 'messages', key: 'm-17', annotator: 1, domain: 'urgency' })
   */
  async pastResults(query: PastResultQuery): Promise<{ items: PastResult[]; next: string | null }> {
    checkFilter('the query', query, ['dataset', 'key', 'annotator', 'domain', 'limit', 'after'])
    const { dataset, key, annotator, domain, limit = 50, after = null } = query
    if (after !== null && typeof after !== 'string') throw argumentError('after', 'null, or next of an earlier page', after)
    const { rows, next } = await this.#means.reader.read('pastResults', {
      dataset: checkName('dataset', dataset),
      key: checkId('key', key),
      ...(annotator !== undefined && { annotator: checkId('annotator', annotator) }),
      ...(domain !== undefined && { domain: checkName('domain', domain) }),
      limit: wholeNumber('limit', limit, 1, 1_000),
      after,
    })
    return { items: rows.map((row) => ({ ...row, value: JSON.parse(row.value) as unknown })), next }
  }

  /** @internal Ended tasks, the newest first. */
  latestEnded(query: EngineRequest<'latestEnded'>, signal?: AbortSignal): Promise<EngineReply<'latestEnded'>> {
    return this.#means.reader.read('latestEnded', query, signal)
  }

  /** @internal Ended tasks lane by lane, in order of loading. */
  ended({ filter, state, limit }: EndedRequest & { limit: number }, signal?: AbortSignal): AsyncGenerator<EndedRow, void, void> {
    return pages<EndedRow>((after) => this.#means.reader.read('ended', { filter, state, after, limit }, signal))
  }

  /**
   * Gives up waiting, retrying and dead tasks: they are dead, kind `dropped`, until they are redriven. Leased, done and already
   * dropped tasks stay as they are.
   *
   * @param filter.states which of the three. @defaultValue all three; with `kind`, `error` or `code` only `dead`
   * @param why the reason, stored as the error's message
   * @returns how many tasks
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED
   * @example
   * await drover.tasks.drop({ dataset: 'messages', keys: ['m-17'] }, 'not a message')
   */
  async drop(filter: TaskMatch & { states?: DroppableState[] }, why: string): Promise<number> {
    const { client, redact } = this.#means
    const match = checkMoved(filter, ['states'])
    const { states: wanted = asksForDead(match) ? ['dead'] : droppable } = filter
    if (!Array.isArray(wanted) || wanted.some((state) => !droppable.includes(state))) {
      throw argumentError('states', `a list of ${droppable.join(', ')}`, wanted)
    }
    if (typeof why !== 'string' || why === '') throw argumentError('why', 'the reason, a text', why)
    const error = { name: 'Dropped', message: redact(why) }
    let dropped = 0
    for (const state of droppable.filter((one) => wanted.includes(one))) {
      const drop = (lanes: LaneFilter, keys: string[] | null) =>
        client.call('drop', { filter: lanes, keys, state, error, limit: dropsAtOnce })
      dropped += await this.#moves.move(state, match, drop)
    }
    return dropped
  }

  /**
   * Changes the priority of tasks that are waiting or retrying; among equals they go before tasks that had this priority from the
   * load. With the dataset alone it becomes the priority of the items, also for lanes added later; with a lane it holds there
   * until the task begins.
   *
   * @param priority a whole number; higher goes first
   * @returns the number of changed tasks, counted for each item and lane
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   * @example
   * await drover.tasks.prioritise({ dataset: 'messages', keys: ['m-17'] }, 10)
   */
  async prioritise(filter: LaneQuery & { dataset: string; keys: (string | number)[] }, priority: number): Promise<number> {
    const { client } = this.#means
    const match = checkMoved(filter, [], ['keys'])
    const dataset = checkName('dataset', filter.dataset)
    checkKeys(filter.keys)
    wholeNumber('priority', priority, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    return this.#moves.move('waiting', match, (lanes, keys) =>
      client.call('prioritise', { filter: { ...lanes, dataset }, keys: keys ?? [], priority }),
    )
  }
}
