/** Refuses bodies that are too large before they are parsed, also without a content length. */
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { refuse } from '../base/errors.js'

export const bodyGuard = (maxBytes: number): MiddlewareHandler =>
  bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw refuse('BODY_TOO_LARGE', `a body may have at most ${maxBytes} bytes`, { headers: { connection: 'close' } })
    },
  })
