/** Reads and moves single tasks. */
import { randomUUID } from 'node:crypto'
import type { EndedRequest, EngineClient, EngineReply, EngineRequest } from '../store/contract/engine.js'
import type { EndedRow } from '../store/contract/reads.js'
import type { DeadKind, Moved, PastResult, StoredTaskDetail, TaskRecord, TaskState } from '../store/contract/single-tasks.js'
import type { Reader } from '../store/read-pool/reader.js'
import { argumentError, checkId, checkKeys, checkName, checkOneOf, wholeNumber } from '../validation/arguments.js'
import { checkFilter } from '../validation/filters.js'
import { type ReadOptions, signalOf } from '../validation/read-options.js'
import { checkLanes, type LaneQuery } from './lane-query.js'
import { pages } from './pages.js'

/** The query of {@link Tasks.list}; all given parts must match. */
export interface TaskQuery extends LaneQuery, ReadOptions {
  state?: TaskState
  /** Keys that contain this text. */
  search?: string
  /** Dead tasks of this kind. */
  kind?: DeadKind
  /** Length of a page, 1 to 1000. @defaultValue 50 */
  limit?: number
  /** The `next` of the previous page. @defaultValue null, the start */
  after?: string | null
}

/** An item with its task in every lane of its dataset. */
export type TaskDetail = Omit<StoredTaskDetail, 'data' | 'tasks'> & {
  data: unknown
  /** `result`: the committed value of a `done` task; else null. `pastResults`: how many were set aside. */
  tasks: (TaskRecord & { result: unknown; pastResults: number })[]
}

/** The query of {@link Tasks.pastResults}. */
export interface PastResultQuery {
  dataset: string
  key: string | number
  annotator?: string | number
  domain?: string
  /** Length of a page, 1 to 1000. @defaultValue 50 */
  limit?: number
  /** The `next` of the previous page. @defaultValue null, the start */
  after?: string | null
}

/** States of tasks that {@link Tasks.drop} can give up. */
export type DroppableState = 'waiting' | 'retrying' | 'dead'

interface TasksMeans {
  client: EngineClient
  reader: Reader
  redact: (text: string) => string
  /** Called with the workers whose lanes were changed. */
  changed: (workers: string[]) => Promise<void>
}

const states: readonly TaskState[] = ['waiting', 'leased', 'retrying', 'done', 'dead']
const kinds: readonly DeadKind[] = ['failed', 'poison', 'dropped']
/** In this order, because dropping tasks of one state makes none of a later one. */
const droppable: readonly DroppableState[] = ['dead', 'retrying', 'waiting']
/** Tasks dropped in one call of the store, so that no worker waits long. */
const dropsAtOnce = 2_000
const keysAtOnce = 500

/** Single tasks of a system: `drover.tasks`. */
export class Tasks {
  readonly #means: TasksMeans

  /** @internal Use `drover.tasks`. */
  constructor(means: TasksMeans) {
    this.#means = means
  }

  /**
   * A page of the tasks that match, lane by lane. Waiting tasks are in the order in which they will be handed out; tasks of
   * another state in order of loading; without `state`, tasks are sorted by key. A page before the last may be short, and with
   * `search` or `kind` even empty: only `next` shows whether there are more.
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
    if (after !== null && typeof after !== 'string') throw argumentError('after', 'null, or next of an earlier page', after)
    wholeNumber('limit', limit, 1, 1_000)
    const narrowed = { ...(state && { state }), ...(search && { search }), ...(kind && { kind }) }
    const { rows, next } = await this.#means.reader.read('tasks', { filter, limit, after, ...narrowed }, signalOf(query))
    return { items: rows, next }
  }

  /**
   * One item with its tasks; null if the dataset has no item with this key.
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
   * Makes retrying tasks due at once.
   * @returns the number of tasks that were not yet due
   *
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   */
  async retry(filter: LaneQuery & { keys?: (string | number)[] } = {}): Promise<number> {
    const { client } = this.#means
    const lanes = checkLanes('the filter', filter, ['keys'])
    return this.#move(filter.keys, (keys) => client.call('promote', { filter: lanes, keys }))
  }

  /**
   * Makes done tasks waiting again, for another result. The old results are kept, see {@link pastResults}; counts, labels and exports
   * have them no more. Leased tasks stay as they are.
   * @returns how many tasks
   *
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   * @example
   * await drover.tasks.redo({ dataset: 'messages', annotator: 1, domain: 'urgency', keys: ['m-17'] })
   */
  async redo(filter: LaneQuery & { keys: (string | number)[] }): Promise<number> {
    const { client } = this.#means
    const lanes = checkLanes('the filter', filter, ['keys'])
    checkKeys(filter.keys)
    const call = randomUUID()
    return this.#move(filter.keys, (keys) => client.call('redo', { filter: lanes, keys: keys ?? [], call }))
  }

  /**
   * A page of the results of one task that were set aside by {@link redo}, lane by lane, the latest first. The current result is in
   * {@link get}. No page for an item that does not exist.
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
   * @returns how many tasks
   *
   * @param filter.states @defaultValue all three
   * @param why the reason, stored as the error's message
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
    const lanes = checkLanes('the filter', filter, ['keys'])
    const dataset = checkName('dataset', filter.dataset)
    checkKeys(filter.keys)
    wholeNumber('priority', priority, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    return this.#move(filter.keys, (keys) => client.call('prioritise', { filter: { ...lanes, dataset }, keys: keys ?? [], priority }))
  }

  /** Moves tasks in chunks. Notifies their workers even if it ends early. */
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
