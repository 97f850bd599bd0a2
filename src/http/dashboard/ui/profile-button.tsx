/** Takes a CPU profile of a live worker, and saves it as a file that DevTools and speedscope open. */
import { useState } from 'preact/hooks'
import type { Profile } from '../../contract/log.js'
import { act } from '../live/live.js'
import { base, mayControl, readOnly, useSession } from '../live/session.js'
import { Button } from './button.js'

const ms = 3_000

export function ProfileButton({ worker, live }: { worker: string; live: boolean }) {
  const session = useSession()
  const [busy, setBusy] = useState(false)
  const why = !mayControl(session) ? readOnly : live ? null : 'It has no thread now'
  const take = async (): Promise<void> => {
    setBusy(true)
    const taken = await act<Profile>('POST', '/profiles', { worker, ms }, 'The CPU profile is being saved')
    setBusy(false)
    if (!taken) return
    const link = document.createElement('a')
    link.href = `${base}/api/v1/profiles/${encodeURIComponent(taken.id)}`
    link.download = `${worker.replace(/[^\w.-]/g, '_')}.cpuprofile`
    link.click()
  }
  return (
    <Button onClick={take} hindrance={why} disabled={busy} title={`Takes a CPU profile of ${ms / 1_000} s, for DevTools or speedscope`}>
      {busy ? `Profiling for ${ms / 1_000} s …` : 'CPU profile'}
    </Button>
  )
}
