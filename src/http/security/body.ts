/** Refuses bodies that are too large before anything is made of them, also those that do not say how large they are. */
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { refuse } from '../base/errors.js'

export const bodyGuard = (maxBytes: number): MiddlewareHandler =>
  bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw refuse('BODY_TOO_LARGE', `a body may have ${maxBytes} bytes`, { headers: { connection: 'close' } })
    },
  })
