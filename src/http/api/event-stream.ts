/**
 * Follows the event log for one reader. Between events nothing is read; a reader that is slow holds one page and no more, since the next
 * is read when it has taken this one.
 */
import type { SSEStreamingApi } from 'hono/streaming'
import type { Drover } from '../../drover/drover.js'
import type { EventQuery } from '../../drover/reads.js'
import { DroverError } from '../../errors.js'
import { storedEvents } from '../../events/stored-events.js'

const pageRows = 100
/** So often something is sent, so that proxies do not take the connection for dead. */
const heartbeatMs = 15_000

/** @param ends each of them ends it, as do a reader that leaves and a system that closes */
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

/** Rung any number of times, heard once. */
class Bell {
  #rang = false
  #wake: (() => void) | null = null

  ring(): void {
    this.#rang = true
    this.#wake?.()
  }

  /** Whether it rang since it was last heard, or does within so many ms. */
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
