/** How long ago each thread last beat, as of the last round. */
import { useState } from 'preact/hooks'
import type { Beat } from '../../contract/worker.js'
import { useApi, useStatus, useTold } from './live.js'

const none = {}

/** By worker id. */
export function useBeats(): Readonly<Record<string, Beat>> {
  const [told, setTold] = useState<Record<string, Beat> | null>(null)
  const polling = useStatus() === 'polling'
  useTold('beats', 'beats', setTold)
  // Asked for once too: the first round may be seconds away.
  const { data } = useApi<Record<string, Beat>>('/beats', { everyMs: polling ? 2_000 : 0 })
  return (polling ? data : (told ?? data)) ?? none
}
