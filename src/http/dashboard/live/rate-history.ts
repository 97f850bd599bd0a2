/** Keeps how much was done at moments, as long as the page is open. */
import { useEffect } from 'preact/hooks'
import { type Sample, sampled } from '../data/rate.js'
import { useNow } from '../ui/time.js'
import { useLive } from './live.js'
import { createStore, useStore } from './store.js'

const history = createStore<readonly Sample[]>([])

/** Belongs into the frame: it goes on whatever view is shown. */
export function RateHistory() {
  const done = useLive(({ overview }) => overview?.done)
  const now = useNow()
  useEffect(() => {
    if (done !== undefined) history.set(sampled(history.get(), { at: now, done }))
  }, [done, now])
  return null
}

export const useRateHistory = (): readonly Sample[] => useStore(history)
