/** Holds what would go on while somebody reads. */
import { Button } from './button.js'

/** @param told what happens meanwhile */
export function Hold({ paused, pause, told }: { paused: boolean; pause: (paused: boolean) => void; told: string }) {
  return (
    <div class="row">
      <Button pressed={paused} onClick={() => pause(!paused)}>
        {paused ? 'Go on' : 'Hold'}
      </Button>
      <span class="muted">{told}</span>
    </div>
  )
}
