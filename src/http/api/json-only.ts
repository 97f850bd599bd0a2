/**
 * Refuses bodies that are not JSON: the validator would treat them as empty, and an empty body may mean all workers.
 */
import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { Env } from '../base/request-env.js'

const withoutBody = ['GET', 'HEAD', 'OPTIONS', 'DELETE']

export const jsonOnly = createMiddleware<Env>(async (c, next) => {
  const length = c.req.header('content-length')
  const hasBody = (length !== undefined && length !== '0') || c.req.header('transfer-encoding') !== undefined
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (hasBody && !withoutBody.includes(c.req.method) && type !== 'application/json') {
    throw new HTTPException(415, { message: 'a body must be JSON, with content-type: application/json' })
  }
  await next()
})
