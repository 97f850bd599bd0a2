/** What is read of the store beside results: datasets, labels, and the event log by its ids. */
import { argumentError, checkLanes, wholeNumber } from './arguments.js'
import { ErrorGroups } from './error-groups.js'
import type { ErrorGroup } from './errors.js'
import type { EventName } from './events.js'
import { pages } from './pages.js'
import type { LaneFilter, StoredEvent } from './store/engine.js'
import type { LabelReport } from './store/labels.js'
import type { Reader } from './store/reader.js'

export interface LabelQuery {
  dataset?: string
  domain?: string
  /** JSON path of the label in a result value; a value that is no object is its own label. @defaultValue '$.label' */
  path?: string
  /** At most so many items a domain, the latest loaded. @defaultValue 100_000 */
  items?: number
}

export interface EventQuery {
  /** Only those with a higher id. @defaultValue from the start of the log */
  after?: number
  /** 1 to 10_000. @defaultValue 100 */
  limit?: number
  worker?: string
  types?: EventName[]
}

/** Events, oldest first. */
export interface EventPage {
  items: StoredEvent[]
  /** The highest id in the log; 0: it is empty. */
  last: number
  /** The lowest that is still kept; 0: none is. */
  first: number
}

export async function readLabels(
  reader: Reader,
  { dataset, domain, path = '$.label', items = 100_000 }: LabelQuery,
): Promise<LabelReport[]> {
  for (const [name, value] of Object.entries({ dataset, domain, path })) {
    if (value !== undefined && typeof value !== 'string') throw argumentError(name, 'a text', value)
  }
  wholeNumber('items', items, 1, Number.MAX_SAFE_INTEGER)
  const { reports } = await reader.read('labels', {
    path,
    items,
    ...(dataset !== undefined && { dataset }),
    ...(domain !== undefined && { domain }),
  })
  return reports
}

export async function readEvents(reader: Reader, { after = 0, limit = 100, worker, types }: EventQuery): Promise<EventPage> {
  wholeNumber('after', after, 0, Number.MAX_SAFE_INTEGER)
  wholeNumber('limit', limit, 1, 10_000)
  if (types !== undefined && !Array.isArray(types)) throw argumentError('types', 'a list of event names', types)
  const request = { after: String(after), limit, ...(worker !== undefined && { worker }), ...(types && { types }) }
  const { rows, first, last } = await reader.read('events', request)
  return { items: rows, last, first }
}

/** So many dead tasks are looked at by one read. */
const deadAtOnce = 10_000

/** Dead tasks by what they died of, the most frequent first. */
export async function readErrors(reader: Reader, query: LaneFilter): Promise<ErrorGroup[]> {
  const filter = checkLanes(query)
  const groups = new ErrorGroups()
  for await (const group of pages<ErrorGroup>((after) => reader.read('deadErrors', { filter, after, limit: deadAtOnce })))
    groups.merge(group)
  return groups.list()
}
