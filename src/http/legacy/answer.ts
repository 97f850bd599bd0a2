/** The answers of the old paths, wrapped on request. */
import type { Context } from 'hono'

/** @param always the option `envelope` */
export function isWrapped(c: Context, always: boolean): boolean {
  return always || c.req.query('envelope') === '1' || c.req.header('x-envelope') === '1'
}

/** @param always the option `envelope` */
export function answerer(always: boolean) {
  return (c: Context, data: object, message?: string): Response =>
    c.json(
      isWrapped(c, always) ? { success: true, data, ...(message !== undefined && { message }), timestamp: new Date().toISOString() } : data,
    )
}
