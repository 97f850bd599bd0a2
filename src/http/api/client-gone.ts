/** A signal that aborts when the client leaves before its answer, so that its work can stop. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'

/** Aborts with an error that does not count as a failure of the server. */
export function clientGone(c: Context): AbortSignal {
  const gone = new AbortController()
  const { signal } = c.req.raw
  const abort = (): void => gone.abort(new HTTPException(408, { message: 'the client has gone' }))
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  return gone.signal
}
