/** The paths and shapes that the clients of the system before drover expect. */
import { Hono } from 'hono'
import type { Env, StatusContext } from '../context.js'

export function seedRoutes(_status: StatusContext): Hono<Env> {
  return new Hono<Env>()
}
