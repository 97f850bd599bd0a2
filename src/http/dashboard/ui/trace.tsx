/** A stack, or lines of a log, as they were written. */
export function Trace({ text }: { text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre class="stack-trace" tabIndex={0}>
      {text}
    </pre>
  )
}
