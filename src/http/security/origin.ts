/** Pages of this server and of listed origins have access. Other pages can neither change anything nor open a WebSocket. */
import type { Context, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { refuse } from '../base/errors.js'
import type { Env } from '../base/request-env.js'
import { changes } from './identify.js'

export function originGuard(origins: readonly string[]): MiddlewareHandler<Env> {
  return async (c, next) => {
    const origin = c.req.header('origin')
    const matters = changes(c) || c.req.header('upgrade') !== undefined
    if (origin !== undefined && matters && !isOwn(c, origin) && !origins.includes(origin)) {
      const named = JSON.stringify(origin.slice(0, 200))
      throw refuse('FORBIDDEN_ORIGIN', `pages of another origin may not do this: to allow it, serve with the option origins: [${named}]`)
    }
    await next()
  }
}

/** Compares only host and port: behind an https proxy, requests arrive over http. */
function isOwn(c: Context, origin: string): boolean {
  try {
    return new URL(origin).host === c.req.header('host')?.toLowerCase()
  } catch {
    return false
  }
}

/** Lets browsers' pages of these origins read answers and send a token, but no cookies. */
export function originSharing(origins: readonly string[]): MiddlewareHandler<Env> {
  const share = cors({
    origin: [...origins],
    allowHeaders: ['authorization', 'content-type', 'x-envelope', 'if-none-match', 'range', 'last-event-id'],
    exposeHeaders: ['etag', 'content-range', 'content-disposition', 'retry-after'],
    maxAge: 600,
  })
  return (c, next) => (origins.includes(c.req.header('origin') ?? '') ? share(c, next) : next())
}
