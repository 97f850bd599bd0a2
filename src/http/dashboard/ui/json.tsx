/** Data as indented JSON; a long text is cut until all of it is requested. */
import { useState } from 'preact/hooks'
import { number } from '../format.js'
import { Button } from './button.js'

const shownAtOnce = 20_000

export function Json({ value }: { value: unknown }) {
  const [all, showAll] = useState(false)
  const text = JSON.stringify(value, null, 2) ?? 'nothing'
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre class="json" tabIndex={0}>
        {all ? text : text.slice(0, shownAtOnce)}
      </pre>
      {!all && text.length > shownAtOnce && <Button onClick={() => showAll(true)}>{`Show all ${number(text.length)} characters`}</Button>}
    </>
  )
}
