/** A moment, told relative to now, with the date in its title. One timer serves all. */
import { absolute, ago } from '../format.js'
import { createStore, useStore } from '../live/store.js'

const now = createStore(Date.now())
let users = 0
let timer: ReturnType<typeof setInterval> | undefined

const ticking = {
  get: now.get,
  subscribe: (listener: () => void) => {
    if (users++ === 0) timer = setInterval(() => now.set(Date.now()), 1_000)
    const end = now.subscribe(listener)
    return () => {
      end()
      if (--users === 0) clearInterval(timer)
    }
  },
  set: now.set,
}

/** Ms since the epoch, once a second. */
export const useNow = (): number => Math.max(useStore(ticking), Date.now() - 1_000)

export function Time({ at }: { at: number | null | undefined }) {
  const present = useNow()
  if (at == null) return <span>–</span>
  return (
    <time dateTime={new Date(at).toISOString()} title={absolute(at)}>
      {ago(at, present)}
    </time>
  )
}
