/** Holds a growing list while it is read. */
import { Button } from './button.js'

/** @param told what happens meanwhile */
export function Hold({ paused, pause, told }: { paused: boolean; pause: (paused: boolean) => void; told: string }) {
  return (
    <div class="row">
      <Button pressed={paused} onClick={() => pause(!paused)}>
        {paused ? 'Continue' : 'Hold'}
      </Button>
      <span class="muted">{told}</span>
    </div>
  )
}
