/** Reads of the store besides results: datasets, labels, and the event log. */

import type { ErrorGroup } from '../errors.js'
import type { EventName } from '../events/event-map.js'
import { storedEvents } from '../events/stored-events.js'
import { ErrorGroups } from '../failures/error-groups.js'
import type { LabelReport, StoredEvent } from '../store/contract/reads.js'
import type { LaneFilter } from '../store/contract/registry.js'
import type { Reader } from '../store/read-pool/reader.js'
import { argumentError, checkName, wholeNumber } from '../validation/arguments.js'
import { checkFilter } from '../validation/filters.js'
import { type ReadOptions, signalOf } from '../validation/read-options.js'
import { closest } from '../values/closest.js'
import { pages } from './pages.js'

/** The query of {@link Drover.labels}. */
export interface LabelQuery extends ReadOptions {
  dataset?: string
  domain?: string
  /**
   * JSON path of the label in a result value; a value that is not an object is itself the label. Only the first 200 characters of
   * a label count. @defaultValue '$.label'
   */
  path?: string
  /** Number of items for each domain, the latest loaded ones. @defaultValue 100_000 */
  items?: number
}

/** The query of {@link Drover.events}; all given parts must match. */
export interface EventQuery {
  /** Only events with a higher id. @defaultValue 0, the start of the log */
  after?: number
  /** 1 to 10_000. @defaultValue 100 */
  limit?: number
  worker?: string
  types?: EventName[]
}

/** Events, oldest first. */
export interface EventPage {
  items: StoredEvent[]
  /** The highest id in the log; 0 if the log is empty. */
  last: number
  /** The lowest id that is still kept; 0 if the log is empty. */
  first: number
}

/** @throws DroverError ARGUMENT_INVALID */
export async function readLabels(reader: Reader, query: LabelQuery): Promise<LabelReport[]> {
  checkFilter('the query', query, ['dataset', 'domain', 'path', 'items', 'signal'])
  const { dataset, domain, path = '$.label', items = 100_000 } = query
  const request = {
    path: checkName('path', path),
    items: wholeNumber('items', items, 1, Number.MAX_SAFE_INTEGER),
    ...(dataset !== undefined && { dataset: checkName('dataset', dataset) }),
    ...(domain !== undefined && { domain: checkName('domain', domain) }),
  }
  return (await reader.read('labels', request, signalOf(query))).reports
}

/** The filter of a read of the event log. */
export type EventFilter = Required<Pick<EventQuery, 'limit'>> & Pick<EventQuery, 'worker' | 'types'>

/** @throws DroverError ARGUMENT_INVALID */
export function checkEventFilter({ limit = 100, worker, types }: Pick<EventQuery, 'limit' | 'worker' | 'types'>): EventFilter {
  if (types !== undefined && !Array.isArray(types)) throw argumentError('types', 'a list of event names', types)
  for (const type of types ?? []) checkEventName(type)
  return {
    limit: wholeNumber('limit', limit, 1, 10_000),
    ...(worker !== undefined && { worker: checkName('worker', worker) }),
    ...(types && { types }),
  }
}

/** Refuses events that are not stored. */
function checkEventName(type: unknown): void {
  if ((storedEvents as readonly unknown[]).includes(type)) return
  const meant = typeof type === 'string' ? closest(type, storedEvents) : undefined
  throw argumentError('types', `names of stored events${meant === undefined ? '' : ` (did you mean ${meant}?)`}`, type)
}

export async function readEvents(reader: Reader, filter: EventFilter, after = 0): Promise<EventPage> {
  wholeNumber('after', after, 0, Number.MAX_SAFE_INTEGER)
  const page = await reader.read('events', { ...filter, after: String(after) })
  const { first, last } = page
  const items = page.rows
  for (let { next } = page; next !== null && items.length < filter.limit; ) {
    const more = await reader.read('events', { ...filter, after: next, limit: filter.limit - items.length })
    items.push(...more.rows)
    next = more.next
  }
  return { items, last, first }
}

/** Newest first. */
export async function readLatest(reader: Reader, { limit, ...filter }: EventFilter): Promise<StoredEvent[]> {
  const found: StoredEvent[] = []
  for await (const row of pages<StoredEvent>((after) => reader.read('latestEvents', { ...filter, after, limit: limit - found.length }))) {
    if (found.push(row) === limit) break
  }
  return found
}

/** Dead tasks in one read. */
const deadAtOnce = 10_000

/** Dead tasks grouped by error, the most frequent first. */
export async function readErrors(reader: Reader, filter: LaneFilter, signal?: AbortSignal): Promise<ErrorGroup[]> {
  const groups = new ErrorGroups()
  for await (const group of pages<ErrorGroup>((after) => reader.read('deadErrors', { filter, after, limit: deadAtOnce }, signal)))
    groups.merge(group)
  return groups.list()
}
