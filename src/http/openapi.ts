/** The OpenAPI document of everything that is mounted, and a page to read it on. */
import { Hono } from 'hono'
import type { Env } from './context.js'

/** @param app what is described */
export function documentRoutes(_app: Hono<Env>): Hono<Env> {
  return new Hono<Env>()
}
