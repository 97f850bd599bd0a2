/** The age of each thread's last beat, at the last update. */
import { useState } from 'preact/hooks'
import type { Beat } from '../../contract/worker.js'
import { useApi, useStatus, useTold } from './live.js'

const none = {}

/** By worker id. */
export function useBeats(): Readonly<Record<string, Beat>> {
  const [told, setTold] = useState<Record<string, Beat> | null>(null)
  const polling = useStatus() === 'polling'
  useTold('beats', 'beats', setTold)
  // Loaded once too, because the first update may be seconds away.
  const { data } = useApi<Record<string, Beat>>('/beats', { everyMs: polling ? 2_000 : 0 })
  return (polling ? data : (told ?? data)) ?? none
}
