/** An error that was recorded: one line of it, and behind that the whole message, the stack and what caused it. */
import type { ErrorShape } from '../../contract/common.js'
import { firstLine } from '../data/brief.js'
import { Json } from './json.js'
import { Trace } from './trace.js'

export function ErrorDetails({ error, open = false }: { error: ErrorShape; open?: boolean }) {
  const { name, message, code, stack, details, cause } = error
  const line = firstLine(message)
  // A stack begins with the message, as a rule.
  const untold = line !== message && !stack?.includes(message)
  return (
    <details class="error-details" open={open}>
      <summary>
        <b>{code ?? name}</b> {message !== code && line}
      </summary>
      {untold && <Trace text={message} />}
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
