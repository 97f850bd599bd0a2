/** The event log: in pages, by rising id, and as a stream. */
import { Hono } from 'hono'
import { etag } from 'hono/etag'
import { streamSSE } from 'hono/streaming'
import * as v from 'valibot'
import { DroverError } from '../../errors.js'
import { storedEvents } from '../../events/stored-events.js'
import type { Env } from '../base/request-env.js'
import { given } from '../base/without-undefined.js'
import { count, name, pageOf, queryNumber, wholeText, wordList } from '../contract/common.js'
import { event } from '../contract/log.js'
import { cachedOperation, operation, query } from './describe.js'
import { followEvents } from './event-stream.js'
import { StreamLimit } from './stream-limit.js'
import type { V1Context } from './v1-context.js'

const id = wholeText(0, Number.MAX_SAFE_INTEGER)
const filterEntries = { types: v.optional(wordList(storedEvents)), worker: v.optional(name), after: v.optional(id) }
const listQuery = v.strictObject({
  ...filterEntries,
  limit: queryNumber(1, 1_000, 100),
  order: v.optional(v.picklist(['asc', 'desc']), 'asc'),
})
const eventPage = v.object({ ...pageOf(event).entries, first: count, last: count })

export function eventsRoutes({ drover, closing }: V1Context) {
  const streams = new StreamLimit()
  return new Hono<Env>()
    .get(
      '/events',
      cachedOperation({
        id: 'listEvents',
        tag: 'Events and logs',
        summary: 'The event log',
        more: 'Events after the id `after`, oldest first; `first` and `last` are the lowest and the highest id in the log. With `order=desc`: newest first, without `after`.',
        answers: { 200: eventPage },
      }),
      query(listQuery),
      etag({ weak: true }),
      async (c) => {
        const { order, after, ...rest } = c.req.valid('query')
        const filter = given(rest)
        if (order === 'asc') {
          const { items, first, last } = await drover.events({ ...filter, after: after ?? 0 })
          const end = items.at(-1)?.id
          return c.json({ items, next: end !== undefined && items.length === filter.limit ? String(end) : null, first, last })
        }
        if (after !== undefined) throw new DroverError('ARGUMENT_INVALID', 'after needs order=asc')
        const [items, { first, last }] = await Promise.all([drover.history(filter), drover.events({ limit: 1 })])
        return c.json({ items, next: null, first, last })
      },
    )
    .get(
      '/events/stream',
      operation({
        id: 'streamEvents',
        tag: 'Events and logs',
        summary: 'Events as they happen, as server-sent events',
        more: 'Events after `after` or `Last-Event-ID`; without either, new events. Each has its id, and the same data as in the list. A comment is sent every 15 seconds.',
        headers: { 'Last-Event-ID': 'The id of the last event seen; `EventSource` sends it by itself' },
        answers: {
          200: { description: 'Server-sent events, without end', content: { 'text/event-stream': { schema: { type: 'string' } } } },
        },
      }),
      query(v.strictObject(filterEntries)),
      async (c) => {
        const { after: asked, ...rest } = c.req.valid('query')
        const header = c.req.header('last-event-id')
        const after = header !== undefined && v.is(id, header) ? Number(header) : (asked ?? (await drover.events({ limit: 1 })).last)
        // HEAD has no body.
        if (c.req.method === 'HEAD') return c.body(null, 200, { 'content-type': 'text/event-stream' })
        const { from, ended } = c.get('caller')
        const leave = streams.enter(from)
        c.header('cache-control', 'no-store')
        c.header('x-accel-buffering', 'no')
        const ends = ended ? [closing, ended] : [closing]
        return streamSSE(c, (stream) => followEvents(drover, stream, { ...given(rest), after }, ends).finally(leave))
      },
    )
}
