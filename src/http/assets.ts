/** The dashboard's files, which are part of the package. */
import { Hono } from 'hono'
import type { Env } from './context.js'

export function dashboardRoutes(): Hono<Env> {
  return new Hono<Env>()
}
