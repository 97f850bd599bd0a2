/**
 * Follows the event log for one reader. It reads only after events; a slow reader holds at most one page, because the next is
 * read after this one is sent.
 */
import type { SSEStreamingApi } from 'hono/streaming'
import type { Drover } from '../../drover/drover.js'
import type { EventQuery } from '../../drover/reads.js'
import { DroverError } from '../../errors.js'
import { storedEvents } from '../../events/stored-events.js'

const pageRows = 100
/** Time between comments, so that proxies do not close the connection. */
const heartbeatMs = 15_000

/** @param ends signals that end it; a reader that leaves and a system that closes end it too */
export async function followEvents(
  drover: Drover,
  stream: SSEStreamingApi,
  query: Omit<EventQuery, 'limit'> & { after: number },
  ends: readonly AbortSignal[],
): Promise<void> {
  const bell = new Bell()
  const ring = (): void => bell.ring()
  stream.onAbort(ring)
  for (const signal of ends) signal.addEventListener('abort', ring)
  const isOver = (): boolean => stream.aborted || ends.some(({ aborted }) => aborted)
  for (const name of storedEvents) drover.on(name, ring)
  drover.on('system:state:changed', ring)
  try {
    let { after } = query
    // Tells the reader that it is connected.
    await stream.write(': here\n\n')
    while (!isOver() && isUp(drover)) {
      const { items } = await drover.events({ ...query, after, limit: pageRows })
      for (const item of items) {
        if (isOver()) return
        await stream.writeSSE({ id: String(item.id), data: JSON.stringify(item) })
        after = item.id
      }
      if (items.length < pageRows && !(await bell.rung(heartbeatMs))) await stream.write(': still here\n\n')
    }
  } catch (error) {
    // The store may close between two reads.
    if (!DroverError.is(error)) throw error
  } finally {
    for (const signal of ends) signal.removeEventListener('abort', ring)
    for (const name of storedEvents) drover.off(name, ring)
    drover.off('system:state:changed', ring)
  }
}

function isUp(drover: Drover): boolean {
  const { state } = drover.view
  return state === 'open' || state === 'closing'
}

/** A flag that can be set any number of times and is read once. */
class Bell {
  #rang = false
  #wake: (() => void) | null = null

  ring(): void {
    this.#rang = true
    this.#wake?.()
  }

  /** Whether it was set since the last read, or is set within this time. */
  async rung(withinMs: number): Promise<boolean> {
    if (!this.#rang) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs)
        timer.unref()
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#wake = null
    }
    const rang = this.#rang
    this.#rang = false
    return rang
  }
}
