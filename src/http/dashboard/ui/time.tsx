/** A moment, told relative to now, with the date in its title. One timer serves all. */
import { absolute, ago, ahead as inFuture } from '../format.js'
import { serverNow } from '../live/server-clock.js'
import { createStore, useStore } from '../live/store.js'

const now = createStore(serverNow())
let users = 0
let timer: ReturnType<typeof setInterval> | undefined

const ticking = {
  get: now.get,
  subscribe: (listener: () => void) => {
    if (users++ === 0) timer = setInterval(() => now.set(serverNow()), 1_000)
    const end = now.subscribe(listener)
    return () => {
      end()
      if (--users === 0) clearInterval(timer)
    }
  },
  set: now.set,
}

/** Ms since the epoch by the server's clock, once a second. */
export function useNow(): number {
  const ticked = useStore(ticking)
  const present = serverNow()
  return Math.abs(present - ticked) > 1_000 ? present : ticked
}

/** @param ahead it is expected: once it is due it is `now`, and not past */
export function Time({ at, ahead = false }: { at: number | null | undefined; ahead?: boolean }) {
  const present = useNow()
  if (at == null) return <span>–</span>
  return (
    <time dateTime={new Date(at).toISOString()} title={absolute(at)}>
      {(ahead ? inFuture : ago)(at, present)}
    </time>
  )
}
