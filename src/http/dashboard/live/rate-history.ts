/** Samples the number of done tasks while the page is open. */
import { useEffect } from 'preact/hooks'
import { type Sample, sampled } from '../data/rate.js'
import { useNow } from '../ui/time.js'
import { useLive } from './live.js'
import { createStore, useStore } from './store.js'

const history = createStore<readonly Sample[]>([])

/** Mounted in the frame, so that it runs in every view. */
export function RateHistory() {
  const done = useLive(({ overview }) => overview?.done)
  const now = useNow()
  useEffect(() => {
    if (done !== undefined) history.set(sampled(history.get(), { at: now, done }))
  }, [done, now])
  return null
}

export const useRateHistory = (): readonly Sample[] => useStore(history)
