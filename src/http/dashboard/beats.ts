/** How long ago each thread last beat, as of the last round. */
import { useState } from 'preact/hooks'
import type { Beat } from '../contract/worker.js'
import { useApi, useStatus, useTold } from './live.js'

/** By worker id. */
export function useBeats(): Readonly<Record<string, Beat>> {
  const [beats, setBeats] = useState<Record<string, Beat>>({})
  const polling = useStatus() === 'polling'
  useTold('beats', 'beats', setBeats)
  const { data } = useApi<Record<string, Beat>>(polling ? '/beats' : null, { everyMs: 2_000 })
  return (polling && data) || beats
}
