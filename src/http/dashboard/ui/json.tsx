/** Data as it is: indented JSON, folded away until somebody looks. */
import { useState } from 'preact/hooks'

const shownAtOnce = 20_000

export function Json({ value }: { value: unknown }) {
  const [all, showAll] = useState(false)
  const text = JSON.stringify(value, null, 2) ?? 'nothing'
  return (
    <>
      <pre class="json">{all ? text : text.slice(0, shownAtOnce)}</pre>
      {!all && text.length > shownAtOnce && (
        <button type="button" class="button" onClick={() => showAll(true)}>
          Show all {text.length.toLocaleString('en')} characters
        </button>
      )}
    </>
  )
}

/** On one line, cut where it gets long. */
export function brief(value: unknown, most = 120): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}
