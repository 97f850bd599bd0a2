/** `/api/ws`: the live state over a WebSocket. */
import { Hono } from 'hono'
import type { Env, StatusContext } from '../context.js'

export function socketRoutes(_status: StatusContext): Hono<Env> {
  return new Hono<Env>()
}
