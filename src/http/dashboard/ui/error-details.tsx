/** An error that was recorded: its message in a line, and behind it the stack and what caused it. */
import type { ErrorShape } from '../../contract/common.js'
import { Json } from './json.js'
import { Trace } from './trace.js'

export function ErrorDetails({ error, open = false }: { error: ErrorShape; open?: boolean }) {
  const { name, message, code, stack, details, cause } = error
  return (
    <details class="error-details" open={open}>
      <summary>
        <b>{code ?? name}</b> {message}
      </summary>
      {stack && <Trace text={stack} />}
      {details && <Json value={details} />}
      {cause && (
        <div>
          <span class="muted">caused by</span> <ErrorDetails error={cause} />
        </div>
      )}
    </details>
  )
}
