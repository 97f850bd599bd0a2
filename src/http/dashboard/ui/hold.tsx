/** Holds a growing list while it is read. */
import { Button } from './button.js'

interface HoldProps {
  paused: boolean
  pause: (paused: boolean) => void
  /** What is listed, as a plural. */
  what: string
  /** How often the list is read again, in words; null: entries come by themselves. */
  every: string | null
}

export function Hold({ paused, pause, what, every }: HoldProps) {
  return (
    <div class="row">
      <Button pressed={paused} onClick={() => pause(!paused)}>
        {paused ? 'Continue' : 'Hold'}
      </Button>
      <span class="muted">
        {paused ? `Held: new ${what} are not shown` : every === null ? `New ${what} appear at once` : `Updated every ${every}`}
      </span>
    </div>
  )
}
