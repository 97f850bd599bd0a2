/** Tells when a client went away before it had its answer: what it asked for is wanted by nobody then. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'

/** Aborts with an error that is no failure of the server. */
export function clientGone(c: Context): AbortSignal {
  const gone = new AbortController()
  const { signal } = c.req.raw
  const abort = (): void => gone.abort(new HTTPException(408, { message: 'the client has gone' }))
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  return gone.signal
}
