/** `/api/ws`: the live state over a WebSocket. Access was checked before; refusals are plain HTTP. */
import { upgradeWebSocket } from '@hono/node-server'
import { Hono } from 'hono'
import { DroverError } from '../../errors.js'
import { refuse } from '../base/errors.js'
import type { Env } from '../base/request-env.js'
import { type Topic, topics } from '../contract/socket.js'
import type { Connection, Wish } from './connection.js'
import type { Hub } from './hub.js'
import { readTopics } from './messages.js'
import type { RawSocket } from './raw-socket.js'

const defaultTopics: readonly Topic[] = ['overview', 'workers', 'tree']

/** The most sockets of one address. */
const mostSockets = 1_000

export function socketRoutes(hub: Hub): Hono<Env> {
  return new Hono<Env>().get(
    '/ws',
    upgradeWebSocket((c) => {
      const { protocol = '1', topics: named, since, tree } = c.req.query()
      if (protocol !== '1' && protocol !== '2') throw new DroverError('ARGUMENT_INVALID', 'protocol must be 1 or 2')
      const chosen = named === undefined ? defaultTopics : readTopics(named)
      if (!chosen) throw new DroverError('ARGUMENT_INVALID', `topics must be some of ${topics.join()}, with commas between`)
      if (hub.sizeFrom(c.get('caller').from) >= mostSockets)
        throw refuse('TOO_MANY_STREAMS', `there are ${mostSockets} sockets from this address already`)
      const wish: Wish = { caller: c.get('caller'), protocol: protocol === '2' ? 2 : 1, topics: chosen, treePatches: tree === 'patches' }
      let connection: Connection | null = null
      return {
        onOpen: (_event, { raw }) => {
          connection = hub.join(raw as unknown as RawSocket, wish, since ?? null)
        },
        onMessage: ({ data }) => connection?.take(data),
        onClose: () => connection && hub.leave(connection),
        // An invalid frame (too large, not UTF-8) has already closed the connection with its code.
        onError: () => {},
      }
    }),
  )
}
